import { createHash, X509Certificate } from 'node:crypto';
import { createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { chain } from './fixtures.ts';
import { fetchAuthority } from './authority.ts';

const sha256 = (pem: string): string =>
  createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');

async function server(): Promise<{ url: URL } & AsyncDisposable> {
  const listening = createServer({ key: chain.serverKey, cert: chain.server + chain.authority });
  listening.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: new URL(`https://127.0.0.1:${port}`),
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => listening.close(resolve));
    },
  };
}

test('finds the authority that is named by its fingerprint', async () => {
  await using running = await server();
  const pem = await fetchAuthority(running.url, sha256(chain.authority));
  expect(sha256(pem)).toBe(sha256(chain.authority));
});

test('takes no other', async () => {
  await using running = await server();
  await expect(fetchAuthority(running.url, 'ab'.repeat(32))).rejects.toThrow(/somebody is in between/);
});

test('says when nobody is there', async () => {
  const { url } = await server().then(async (running) => {
    await running[Symbol.asyncDispose]();
    return running;
  });
  await expect(fetchAuthority(url, 'ab'.repeat(32))).rejects.toThrow(/Cannot reach 127\.0\.0\.1/);
});

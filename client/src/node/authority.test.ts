import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { WebSocketServer } from 'ws';
import { beforeAll, expect, test } from 'vitest';
import { issueAuthority, issueServer, type Issued } from '../../../api/src/http/issue-certificate.ts';
import { createClient, fetchAuthority } from '../node.ts';

let authority: Issued;
let server: Issued;

beforeAll(async () => {
  authority = await issueAuthority();
  server = await issueServer(authority, ['localhost', '127.0.0.1']);
});

const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

/** Answers everything with the same, over TLS with the certificate of a private authority. */
async function tlsApi({ chain = true } = {}): Promise<AsyncDisposable & { readonly url: string }> {
  const listener = createServer(
    {
      cert: chain ? `${server.certificatePem}\n${authority.certificatePem}` : server.certificatePem,
      key: server.keyPem,
    },
    (_request, response) => response.end('{"data":{"tick":1}}'),
  );
  const sockets = new WebSocketServer({ server: listener });
  sockets.on('connection', (ws) => {
    ws.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text.includes('connection_init')) ws.send('{"type":"connection_ack"}');
      const id = /"id":"([^"]+)"/.exec(text)?.[1];
      if (id !== undefined) ws.send(JSON.stringify({ id, type: 'next', payload: { data: { tick: 1 } } }));
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `https://localhost:${port}`,
    async [Symbol.asyncDispose]() {
      for (const ws of sockets.clients) ws.terminate();
      listener.closeAllConnections();
      listener.close();
      await once(listener, 'close');
    },
  };
}

test('an authority of choice is trusted on both ways, and nothing else is', async () => {
  await using api = await tlsApi();
  const client = createClient({ url: api.url, ca: authority.certificatePem });
  expect(await client.request('{ tick }')).toEqual({ tick: 1 });
  const ticks = client.subscribe('subscription { tick }');
  expect(await ticks.next()).toEqual({ done: false, value: { tick: 1 } });
  await ticks.return?.();

  const stranger = createClient({ url: api.url });
  const untrusted = { code: 'TLS_UNTRUSTED', retryable: false };
  await expect(stranger.request('{ tick }')).rejects.toMatchObject(untrusted);
  await expect(stranger.subscribe('subscription { tick }').next()).rejects.toMatchObject(untrusted);
  const other = createClient({ url: api.url, ca: (await issueAuthority()).certificatePem });
  await expect(other.request('{ tick }')).rejects.toMatchObject(untrusted);
});

test('an authority is found by its fingerprint, however it is written', async () => {
  await using api = await tlsApi();
  const fingerprint = fingerprintOf(authority.certificatePem);
  const ca = await fetchAuthority(api.url, fingerprint);
  expect(fingerprintOf(ca)).toBe(fingerprint);
  expect(await createClient({ url: api.url, ca }).request('{ tick }')).toEqual({ tick: 1 });
  expect(await fetchAuthority(api.url, fingerprint.replaceAll(':', '').toLowerCase())).toBe(ca);
});

test('another fingerprint is not believed', async () => {
  await using api = await tlsApi();
  await expect(fetchAuthority(api.url, 'ab'.repeat(32))).rejects.toMatchObject({ code: 'TLS_UNTRUSTED' });
  await expect(fetchAuthority(api.url, 'abc')).rejects.toThrow('64 hexadecimal digits');
});

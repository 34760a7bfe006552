import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as netConnect } from 'node:net';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { nextEvent } from '../../../testing/events.ts';
import { http } from '../../../testing/http.ts';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { ownCertificate } from './authority.ts';
import { Dispatcher } from './dispatch.ts';
import { sendText } from './exchange.ts';
import { HostPolicy } from './host-policy.ts';
import { issueAuthority, issueServer } from './issue-certificate.ts';
import { Listener } from './listener.ts';
import { RouteTable } from './router.ts';
import { openTls } from './tls.ts';

const log = pino({ level: 'silent' });

interface Served extends AsyncDisposable {
  readonly port: number;
  readonly listener: Listener;
}

const serve = async (
  material: { cert: string; key: string },
  minVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
): Promise<Served> => {
  const routes = new RouteTable();
  routes.http({
    path: '/install.sh',
    methods: ['GET'],
    channels: ['main', 'plaintext'],
    handle: ({ response, facts }) => sendText(response, 200, `install over ${facts.channel}`),
  });
  routes.http({
    path: '/*',
    methods: ['GET', 'POST'],
    handle: ({ response }) => sendText(response, 200, 'private'),
  });
  routes.upgrade({ path: '/agent/ws', handle: (_request, socket) => socket.destroy() });
  const policy = new HostPolicy({ publicUrl: undefined, bindHost: '127.0.0.1', certificate: undefined });
  const env = { trustProxy: { kind: 'none' }, publicUrl: undefined } as const;
  const dispatcher = new Dispatcher({ env, routes, policy, log, publicUrl: () => 'https://kit.example' });
  const listener = new Listener({
    channel: 'main',
    log,
    tls: { material, minVersion },
    handlers: {
      request: (...args) => dispatcher.request(...args),
      upgrade: (...args) => dispatcher.upgrade(...args),
    },
  });
  const port = await listener.listen({ host: '127.0.0.1', port: 0 });
  return {
    port,
    listener,
    async [Symbol.asyncDispose]() {
      await listener.finish(AbortSignal.abort());
      listener.destroy();
    },
  };
};

const own = async (dir: TempDir, names = ['localhost', '127.0.0.1', '::1']) => {
  const certificate = await ownCertificate(dir.path, names);
  return { ...certificate, cert: certificate.chainPem, key: certificate.keyPem };
};

const get = async (port: number, path: string, options: ConnectionOptions): Promise<string> => {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpsRequest({ host: '127.0.0.1', port, path, agent: false, ...options }, resolve)
      .once('error', reject)
      .end();
  });
  return text(response);
};

const plain = async (port: number, path: string, init: { method?: string; host?: string } = {}) => {
  const { status, headers, body } = await http(`http://127.0.0.1:${port}${path}`, {
    method: init.method ?? 'GET',
    headers: { host: init.host ?? `localhost:${port}` },
  });
  return { status, location: headers.location, text: body };
};

describe('our own authority', () => {
  it('convinces a client that knows only it, under a name and under an address', async () => {
    await using dir = await tempDir();
    const material = await own(dir);
    await using served = await serve(material);
    const ca = material.authority.certificatePem;
    expect(await get(served.port, '/', { ca, servername: 'localhost' })).toBe('private\n');
    expect(await get(served.port, '/', { ca })).toBe('private\n');
    await expect(get(served.port, '/', { servername: 'localhost' })).rejects.toThrow(
      /self-signed|unable to/i,
    );
    await expect(get(served.port, '/', { ca, servername: 'other.example' })).rejects.toThrow(
      /does not match/,
    );
  });

  it('is kept, readable by its owner alone, and named by the fingerprint of its DER form', async () => {
    await using dir = await tempDir();
    const first = await own(dir);
    const again = await own(dir);
    expect(again.chainPem).toBe(first.chainPem);
    expect(again.issuedNow).toBe(false);
    expect(first.authority.fingerprint).toBe(
      new X509Certificate(first.authority.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase(),
    );
    for (const name of ['authority.pem', 'server.pem']) {
      expect(statSync(dir.file('keys', name)).mode & 0o777).toBe(0o600);
    }
  });

  it('issues anew when a name is missing, under the same authority', async () => {
    await using dir = await tempDir();
    const first = await own(dir, ['localhost']);
    const second = await own(dir, ['localhost', '198.51.100.7', 'kit.example']);
    expect(second.issuedNow).toBe(true);
    expect(second.authority.fingerprint).toBe(first.authority.fingerprint);
    const leaf = new X509Certificate(second.cert);
    expect(leaf.checkIP('198.51.100.7')).toBe('198.51.100.7');
    expect(leaf.checkHost('kit.example')).toBe('kit.example');
    expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBe(398 * 24 * 3600 * 1000);
  });

  it('can be replaced on a running server', async () => {
    await using dir = await tempDir();
    await using served = await serve(await own(dir, ['localhost']));
    const later = await own(dir, ['localhost', 'kit.example']);
    served.listener.setCertificate(later);
    const ca = later.authority.certificatePem;
    expect(await get(served.port, '/', { ca, servername: 'kit.example' })).toBe('private\n');
  });

  it('is made only where others reach the port and nothing else does TLS', async () => {
    await using dir = await tempDir();
    const settings = { publicUrl: undefined, tls: undefined, trustProxy: { kind: 'none' } } as const;
    expect(await openTls({ ...settings, host: '127.0.0.1' }, dir.path, log)).toBeUndefined();
    const proxied = { ...settings, host: '0.0.0.0', trustProxy: { kind: 'hops', count: 1 } } as const;
    expect(await openTls(proxied, dir.path, log)).toBeUndefined();
    const open = await openTls(
      { ...settings, host: '0.0.0.0', publicUrl: 'https://kit.example' },
      dir.path,
      log,
    );
    const leaf = new X509Certificate(open?.material.cert ?? '');
    expect(leaf.checkHost('kit.example')).toBe('kit.example');
    expect(open?.authority?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a given certificate', () => {
  const given = async (dir: TempDir, cert: string, key: string) => {
    writeFileSync(dir.file('cert.pem'), cert);
    writeFileSync(dir.file('key.pem'), key);
    return openTls(
      {
        host: '127.0.0.1',
        publicUrl: undefined,
        trustProxy: { kind: 'none' },
        tls: { certFile: dir.file('cert.pem'), keyFile: dir.file('key.pem') },
      },
      dir.path,
      log,
    );
  };

  it('is served even on loopback, and no authority of ours is made', async () => {
    await using dir = await tempDir();
    const authority = await issueAuthority();
    const leaf = await issueServer(authority, ['kit.example']);
    const tls = await given(dir, leaf.certificatePem, leaf.keyPem);
    expect(tls?.authority).toBeUndefined();
    await using served = await serve(tls?.material ?? { cert: '', key: '' });
    const ca = authority.certificatePem;
    expect(await get(served.port, '/', { ca, servername: 'kit.example' })).toBe('private\n');
  });

  it.each([
    ['a key that is not its own', /do not belong together/, async () => (await issueAuthority()).keyPem],
    ['a key that is none', /key\.pem is not a PEM private key/, () => Promise.resolve('nonsense')],
  ])('is refused with %s', async (_what, sentence, key) => {
    await using dir = await tempDir();
    const authority = await issueAuthority();
    await expect(given(dir, authority.certificatePem, await key())).rejects.toThrow(sentence);
  });

  it('is refused when the file is missing', async () => {
    await using dir = await tempDir();
    const files = { certFile: dir.file('none.pem'), keyFile: dir.file('none.key') };
    const settings = {
      host: '127.0.0.1',
      publicUrl: undefined,
      trustProxy: { kind: 'none' },
      tls: files,
    } as const;
    await expect(openTls(settings, dir.path, log)).rejects.toThrow(
      /TLS_CERT .*none\.pem cannot be read \(ENOENT\)\./,
    );
  });
});

describe('one port for TLS and plain HTTP', () => {
  it('speaks TLS 1.3 only, or 1.2 by setting', async () => {
    await using dir = await tempDir();
    const material = await own(dir);
    const ca = material.authority.certificatePem;
    const protocolWith = async (minVersion: 'TLSv1.2' | 'TLSv1.3', maxVersion: 'TLSv1.2' | 'TLSv1.3') => {
      await using served = await serve(material, minVersion);
      const socket = tlsConnect({ host: '127.0.0.1', port: served.port, ca, maxVersion });
      await once(socket, 'secureConnect');
      const protocol = socket.getProtocol();
      socket.destroy();
      return protocol;
    };
    expect(await protocolWith('TLSv1.3', 'TLSv1.3')).toBe('TLSv1.3');
    expect(await protocolWith('TLSv1.2', 'TLSv1.2')).toBe('TLSv1.2');
    await expect(protocolWith('TLSv1.3', 'TLSv1.2')).rejects.toThrow(/protocol version|alert/i);
  });

  it('serves in the clear only what is marked for it, and sends the rest to https', async () => {
    await using dir = await tempDir();
    await using served = await serve(await own(dir));
    expect(await plain(served.port, '/install.sh')).toMatchObject({
      status: 200,
      text: 'install over plaintext\n',
    });
    expect(await plain(served.port, '/servers?x=1', { method: 'POST' })).toMatchObject({
      status: 308,
      location: `https://localhost:${served.port}/servers?x=1`,
    });
    expect((await plain(served.port, '//evil.example/x')).location).toBe(
      `https://localhost:${served.port}//evil.example/x`,
    );
  });

  it('never redirects to a name that is not ours', async () => {
    await using dir = await tempDir();
    await using served = await serve(await own(dir));
    const answer = await plain(served.port, '/', { host: 'evil.example' });
    expect(answer.location).toBe('https://kit.example/');
  });

  it('accepts a handshake of which only the first byte has arrived at first', async () => {
    await using dir = await tempDir();
    const material = await own(dir);
    await using served = await serve(material);
    const slow = netConnect({ port: served.port, host: '127.0.0.1', noDelay: true });
    const halting = new Duplex({
      read: () => {},
      write(chunk: Buffer, _encoding, done) {
        slow.write(chunk.subarray(0, 1), () => setImmediate(() => slow.write(chunk.subarray(1), done)));
      },
    });
    slow.on('data', (chunk) => halting.push(chunk)).on('end', () => halting.push(null));
    const client = tlsConnect({
      socket: halting,
      ca: material.authority.certificatePem,
      servername: 'localhost',
    });
    await once(client, 'secureConnect');
    client.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(await text(client)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*private\n$/);
  });

  it('survives garbage after a first byte that looks like TLS', async () => {
    await using dir = await tempDir();
    const material = await own(dir);
    await using served = await serve(material);
    const socket = netConnect(served.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(Buffer.concat([Buffer.of(0x16), Buffer.alloc(2_000, 0xff)]));
    // Not with `once` of Node, which takes a reset for a failure.
    await nextEvent(socket.resume(), 'close');
    expect(await get(served.port, '/', { ca: material.authority.certificatePem })).toBe('private\n');
  });
});

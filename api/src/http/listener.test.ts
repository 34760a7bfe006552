import { connect } from 'node:net';
import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { nextEvent, within } from '../../../testing/events.ts';
import { http } from '../../../testing/http.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { ownCertificate } from './authority.ts';
import { Listener, type Handlers } from './listener.ts';

const log = pino({ level: 'silent' });
const place = { host: '127.0.0.1', port: 0 };
const refuseUpgrade: Handlers['upgrade'] = (_request, socket) => socket.destroy();

/** How long the slow clients of these tests are given for each step, in ms: enough for a handshake on a busy machine. */
const patience = 1_000;

describe('a client that takes its time', () => {
  const slowly = async (
    secure: boolean,
    speak: (port: number, ca: string) => Promise<string>,
  ): Promise<string> => {
    await using dir = await tempDir();
    const own = await ownCertificate(dir.path, ['localhost']);
    const listener = new Listener({
      channel: 'main',
      log,
      patience,
      handlers: { request: (_request, response) => void response.end('served'), upgrade: refuseUpgrade },
      ...(secure
        ? { tls: { material: { cert: own.chainPem, key: own.keyPem }, minVersion: 'TLSv1.3' } }
        : {}),
    });
    const port = await listener.listen(place);
    try {
      return await speak(port, own.authority.certificatePem);
    } finally {
      await listener.finish(AbortSignal.abort());
      listener.destroy();
    }
  };

  it.each([true, false])('is cut off half-way through its headers (TLS port: %s)', async (secure) => {
    const answer = await slowly(secure, async (port) => {
      const socket = connect(port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
      return text(socket);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('is cut off half-way through its headers inside TLS', async () => {
    const answer = await slowly(true, async (port, ca) => {
      const socket = connectTls({ port, host: '127.0.0.1', ca, servername: 'localhost' });
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
      return text(socket);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    ['that says nothing', Buffer.alloc(0)],
    ['that begins a handshake and stops', Buffer.from([0x16, 0x03])],
  ])('is cut off on a TLS port when it is one %s', async (_what, bytes) => {
    await slowly(true, async (port) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(bytes);
      await nextEvent(socket.resume(), 'close');
      expect(socket.bytesRead).toBe(0);
      return '';
    });
  });
});

describe('finish', () => {
  it('lets a request in flight be answered, on a connection that then closes', async () => {
    const arrived = Promise.withResolvers<ServerResponse>();
    const listener = new Listener({
      channel: 'main',
      log,
      handlers: { request: (_request, response) => arrived.resolve(response), upgrade: refuseUpgrade },
    });
    const port = await listener.listen(place);
    const asked = http(`http://127.0.0.1:${port}/`, { headers: { connection: 'keep-alive' } });
    const response = await arrived.promise;
    let finished = false;
    const finishing = listener.finish(new AbortController().signal).then(() => {
      finished = true;
    });
    const late = connect(port, '127.0.0.1');
    const [refusal] = await nextEvent(late, 'error');
    expect(refusal).toMatchObject({ code: 'ECONNREFUSED' });
    expect(finished).toBe(false);
    response.end('done');
    expect(await asked).toMatchObject({ body: 'done', headers: { connection: 'close' } });
    await within(finishing, 'the listener to finish');
    listener.destroy();
  });

  it('does not wait for a request that outlives the time it is given', async () => {
    const arrived = Promise.withResolvers<void>();
    const listener = new Listener({
      channel: 'main',
      log,
      handlers: { request: () => arrived.resolve(), upgrade: refuseUpgrade },
    });
    const port = await listener.listen(place);
    const asked = http(`http://127.0.0.1:${port}/`);
    asked.catch(() => {});
    await arrived.promise;
    const time = new AbortController();
    const finishing = listener.finish(time.signal);
    time.abort();
    await within(finishing, 'the listener to finish');
    listener.destroy();
    await expect(asked).rejects.toThrow(/socket hang up/);
  });
});

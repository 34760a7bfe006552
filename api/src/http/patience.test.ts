import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { within } from '../../../testing/events.ts';
import { Listener } from './listener.ts';
import { unlimitBody } from './patience.ts';

const log = pino({ level: 'silent' });

/** A server that reads a body and says how long it was. */
async function serving<T>(unlimited: boolean, speak: (port: number) => Promise<T>): Promise<T> {
  const listener = new Listener({
    channel: 'main',
    log,
    bodyPatience: 50,
    handlers: {
      async request(request, response) {
        if (unlimited) unlimitBody(request);
        const body = await text(request).catch(() => null);
        if (body !== null) response.end(`read ${body.length}`);
      },
      upgrade: (_request, socket) => socket.destroy(),
    },
  });
  const port = await listener.listen({ host: '127.0.0.1', port: 0 });
  try {
    return await within(speak(port), 'an answer');
  } finally {
    await listener.finish(AbortSignal.abort());
    listener.destroy();
  }
}

const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nab';

describe('a client that sends its body slowly', () => {
  test('is cut off', async () => {
    const answer = await serving(false, async (port) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(head);
      return text(socket);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('is waited for where the one who reads has said so', async () => {
    const answer = await serving(true, async (port) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(head);
      const sooner = serving(false, async (other) => {
        const second = connect(other, '127.0.0.1');
        second.write(head);
        return text(second);
      });
      // What has as little patience has lost it by now.
      await sooner;
      socket.write('cd');
      return text(socket);
    });
    expect(answer).toMatch(/read 4/);
  });
});

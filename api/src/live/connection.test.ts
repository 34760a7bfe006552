import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { within } from '../../../testing/events.ts';
import { Connection } from './connection.ts';

const http = createServer();
const wss = new WebSocketServer({ noServer: true, perMessageDeflate: false });
let reader: WebSocket;
let connection: Connection;

beforeEach(async () => {
  const accepted = Promise.withResolvers<Connection>();
  http.once('upgrade', (request, socket, head) => {
    wss.handleUpgrade(request, socket, head, (ws) =>
      accepted.resolve(
        new Connection(ws, socket, {
          address: '',
          secure: false,
          host: '',
          userAgent: '',
          cookie: undefined,
          listed: false,
        }),
      ),
    );
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  reader = new WebSocket(`ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
  connection = await accepted.promise;
  await once(reader, 'open');
});

afterEach(() => {
  reader.terminate();
  connection.terminate();
  http.close();
});

/** More than the kernel takes for a reader who does not read. */
function fill(): void {
  reader.pause();
  while (connection.bufferedAmount < 4 * 1024 * 1024) connection.post('x'.repeat(1024 * 1024));
}

test('is drained when nothing waits', async () => {
  await connection.drained();
  connection.post('hello');
  await connection.drained();
  expect(connection.bufferedAmount).toBe(0);
});

test('is drained once its reader reads on', async () => {
  fill();
  const drained = connection.drained();
  reader.resume();
  await within(drained, 'the reader');
  expect(connection.bufferedAmount).toBe(0);
});

test('counts as drained when its reader is gone', async () => {
  fill();
  const drained = connection.drained();
  connection.terminate();
  await within(drained, 'the end');
  await connection.drained();
  expect(connection.open).toBe(false);
});

test('is not waited for any longer than the signal says', async () => {
  fill();
  const controller = new AbortController();
  const drained = connection.drained(controller.signal);
  controller.abort(new Error('enough'));
  await expect(drained).rejects.toThrow('enough');
});

test('that nobody reads is given up before it fills the memory', async () => {
  reader.pause();
  for (let n = 0; n < 100; n++) connection.post('x'.repeat(1024 * 1024));
  await within(connection.closed, 'the end');
  expect(connection.bufferedAmount).toBeLessThan(18 * 1024 * 1024);
});

test('may be written to and closed in any state', async () => {
  connection.terminate();
  await connection.closed;
  await connection.send('nobody');
  connection.post('nobody');
  connection.ping();
  connection.close(1000, 'again');
  expect(connection.open).toBe(false);
});

test('hands one event to the kernel at once, and those that follow it closely together and in order', async () => {
  const texts: string[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  reader.on('message', (data) => {
    texts.push(String(data));
    if (texts.length === 100) resolve();
  });
  connection.post('0');
  expect(connection.bufferedAmount).toBe(0);
  for (let n = 1; n < 99; n += 1) connection.post(String(n));
  expect(connection.bufferedAmount).toBeGreaterThan(0);
  // Whoever waits for the kernel does not wait for others.
  await within(connection.send('99'), 'the last');
  expect(connection.bufferedAmount).toBe(0);
  await within(all, 'all of them');
  expect(texts).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
});

test('does not keep back what nothing follows', async () => {
  const second = new Promise((resolve) => {
    reader.on('message', (data) => {
      if (String(data) === 'second') resolve(undefined);
    });
  });
  connection.post('first');
  connection.post('second');
  await expect(within(second, 'the second event')).resolves.toBeUndefined();
});

import { createServer } from 'node:http';
import { once } from 'node:events';
import { request as ask } from 'node:http';
import { expect, test } from 'vitest';
import { piecesOf } from './pieces.ts';

/** A body that a test sends as it likes. */
async function body() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const sender = ask({ port, host: '127.0.0.1', method: 'PUT', agent: false });
  sender.on('error', () => undefined);
  sender.flushHeaders();
  const came = once(server, 'request');
  const [request] = await came;
  return {
    sender,
    request,
    [Symbol.asyncDispose]: async () => {
      sender.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('what comes slowly goes on all the same, and the rest in whole pieces', async () => {
  await using sent = await body();
  const counts: number[] = [];
  const pieces = piecesOf(sent.request, {
    size: 4,
    signal: new AbortController().signal,
    onBytes: (count) => counts.push(count),
    lingerMs: 5,
  });
  sent.sender.write('a');
  expect(String((await pieces.next()).value)).toBe('a');
  sent.sender.end('bcdefg');
  const rest: string[] = [];
  for await (const piece of pieces) rest.push(String(piece));
  expect(rest.join('')).toBe('bcdefg');
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(7);
});

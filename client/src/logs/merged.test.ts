import { expect, test } from 'vitest';
import { createClient } from '../node.ts';
import { testApi } from '../testing.ts';
import { mergedLogBatches } from './merged.ts';

const at = (seconds: number): string => `2026-01-01T00:00:${String(seconds).padStart(2, '0')}.000000000Z`;
const said = (...lines: readonly (readonly [source: number, second: number, text: string])[]) => ({
  data: {
    mergedLogs: {
      segments: lines.map(([source, second, text]) => ({
        source,
        stream: 'STDOUT',
        text: `${at(second)} ${text}\n`,
        partial: false,
      })),
      sources: [],
    },
  },
});
const told = (source: number, state: string) => ({
  data: { mergedLogs: { segments: [], sources: [{ source, state, error: null }] } },
});

const sources = [
  { serverId: 'srv_1', containerId: 'web' },
  { serverId: 'srv_2', containerId: 'db' },
];
const quick = { maxDelayMs: 1 };

test('lines of several logs come as one, with what is told of each in its place', async () => {
  await using api = await testApi();
  const order: string[] = [];
  const batches = mergedLogBatches(
    createClient({ url: api.url }),
    { sources, follow: false },
    { onReport: ({ source, state }) => order.push(`${source} ${state}`) },
  );
  const first = batches.next();
  const operation = await api.subscription();
  expect(operation.payload.variables).toEqual({ sources, follow: false });
  operation.next(said([0, 1, 'one'], [1, 2, 'two']));
  operation.next(told(1, 'OFFLINE'));
  operation.next(said([0, 3, 'three']));
  operation.complete();
  const { value = [] } = await first;
  order.push(...value.map(({ source, text }) => `${source} ${text}`));
  for await (const lines of batches) order.push(...lines.map(({ source, text }) => `${source} ${text}`));
  expect(order).toEqual(['0 one', '1 two', '1 OFFLINE', '0 three']);
});

test('after a lost connection each goes on with its next line', async () => {
  await using api = await testApi();
  const batches = mergedLogBatches(createClient({ url: api.url, reconnect: quick }), { sources, tail: 5 });
  const first = batches.next();
  const before = await api.subscription();
  before.next(said([0, 10, 'a'], [0, 10, 'b']));
  expect(await first).toMatchObject({ value: [{ text: 'a' }, { text: 'b' }] });
  const next = batches.next();
  before.socket.ws.terminate();
  const after = await api.subscription();
  expect(after.payload.variables).toEqual({
    tail: 5,
    sources: [{ ...sources[0], after: at(9) }, sources[1]],
  });
  after.next(said([0, 10, 'a'], [0, 10, 'b'], [0, 10, 'c'], [1, 11, 'd']));
  expect(await next).toMatchObject({ value: [{ text: 'c' }, { source: 1, text: 'd' }] });
  await batches.return?.();
});

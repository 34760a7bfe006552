import { expect, test, vi } from 'vitest';
import { inBulk } from './service.ts';

interface Target {
  readonly server: string;
  readonly n: number;
}

const targets = (server: string, count: number): Target[] =>
  Array.from({ length: count }, (_, n) => ({ server, n }));
const base = { serverOf: ({ server }: Target) => server, signal: new AbortController().signal };

test('every target has its result, in order, whatever became of the others', async () => {
  const results = await inBulk({
    ...base,
    targets: targets('a', 5),
    work: ({ n }) => (n === 2 ? Promise.reject(new Error('no')) : Promise.resolve()),
  });
  expect(results.map(({ target: { n }, error }) => [n, error])).toEqual([
    [0, null],
    [1, null],
    [2, new Error('no')],
    [3, null],
    [4, null],
  ]);
});

test('so many run at once on one server, and in all, and no more', async () => {
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  const count = (key: string, by: number) => {
    const now = (running.get(key) ?? 0) + by;
    running.set(key, now);
    most.set(key, Math.max(most.get(key) ?? 0, now));
  };
  await inBulk({
    ...base,
    perServer: 2,
    overall: 3,
    targets: [...targets('a', 10), ...targets('b', 10)],
    work: async ({ server }) => {
      for (const key of [server, 'all']) count(key, 1);
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      for (const key of [server, 'all']) count(key, -1);
    },
  });
  expect(Object.fromEntries(most)).toEqual({ a: 2, b: expect.any(Number), all: 3 });
  expect(most.get('b')).toBeLessThanOrEqual(2);
});

test('servers that do not answer hold up nobody, and are answered for when time is up', async () => {
  vi.useFakeTimers();
  try {
    const done: string[] = [];
    const bulk = inBulk({
      ...base,
      perServer: 2,
      overall: 4,
      targets: [...targets('dead-1', 3), ...targets('dead-2', 3), ...targets('well', 3)],
      work: ({ server }) => {
        if (server !== 'well') return new Promise(() => {});
        done.push(server);
        return Promise.resolve();
      },
    });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(done).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(58_000);
    const codes = (await bulk).map(({ error }) =>
      typeof error === 'object' && error !== null && 'code' in error ? error.code : error,
    );
    const dead = ['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN', 'CANCELLED'];
    expect(codes).toEqual([...dead, ...dead, null, null, null]);
  } finally {
    vi.useRealTimers();
  }
});

test('begins nothing more once the one who asked has left', async () => {
  const leaving = new AbortController();
  const work = vi.fn<(target: Target) => Promise<void>>(() => {
    leaving.abort();
    return Promise.resolve();
  });
  const results = await inBulk({
    ...base,
    signal: leaving.signal,
    perServer: 1,
    targets: targets('a', 3),
    work,
  });
  expect(work).toHaveBeenCalledOnce();
  expect(results).toHaveLength(3);
});

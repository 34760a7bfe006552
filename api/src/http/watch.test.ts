import { once } from 'node:events';
import { expect, test } from 'vitest';
import { permissionDenied } from '../errors.ts';
import { Watch } from './watch.ts';

test('ends what does not move', async () => {
  using watch = new Watch({ check: () => Promise.resolve(), everyMs: 1, stillMs: 5 });
  watch.touch();
  await once(watch.signal, 'abort');
  expect(watch.signal.reason).toMatchObject({ code: 'CANCELLED' });
});

test('ends what moves a byte at a time, rests or not', async () => {
  using watch = new Watch({ check: () => Promise.resolve(), everyMs: 1, stillMs: 20, leastBytes: 1_000_000 });
  watch.touch();
  while (!watch.signal.aborted) {
    watch.trickle(1);
    watch.rest();
    watch.resume();
    await new Promise(setImmediate);
  }
  expect(watch.signal.reason).toMatchObject({ code: 'CANCELLED' });
});

test('lets be what moves enough', async () => {
  let looks = 0;
  const seen = Promise.withResolvers<void>();
  const check = (): Promise<void> => Promise.resolve(++looks === 20 ? seen.resolve() : undefined);
  using watch = new Watch({ check, everyMs: 1, stillMs: 60_000, leastBytes: 10 });
  watch.trickle(10);
  await seen.promise;
  expect(watch.signal.aborted).toBe(false);
});

test('ends what may not go on, though it moves', async () => {
  using watch = new Watch({ check: () => Promise.reject(permissionDenied('files:read')), everyMs: 1 });
  await once(watch.signal, 'abort');
  expect(watch.signal.reason).toMatchObject({ code: 'PERMISSION_DENIED' });
});

test('lets be what moves, and what others are at work on', async () => {
  let looks = 0;
  const seen = Promise.withResolvers<void>();
  const check = (): Promise<void> => {
    if (++looks === 20) seen.resolve();
    return Promise.resolve();
  };
  using moving = new Watch({ check, everyMs: 1, stillMs: 60_000 });
  using resting = new Watch({ check, everyMs: 1, stillMs: 0 });
  moving.touch();
  resting.touch();
  resting.rest();
  await seen.promise;
  expect([moving.signal.aborted, resting.signal.aborted]).toEqual([false, false]);
});

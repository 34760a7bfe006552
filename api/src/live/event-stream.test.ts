import { expect, test, vi } from 'vitest';
import { EventStream } from './event-stream.ts';

const never = new Promise<never>(() => {});

test('returns at once although a step never ends', async () => {
  const onEnd = vi.fn<() => void>();
  const stream = new EventStream<number>(() => never, onEnd);
  const waiting = stream.next();
  await stream.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(onEnd).toHaveBeenCalledOnce();
});

test('tells a failure to whoever waits', async () => {
  const stream = new EventStream<number>(
    () => never,
    () => {},
  );
  const waiting = stream.next();
  stream.fail(new Error('revoked'));
  await expect(waiting).rejects.toThrow('revoked');
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test('tells a failure at the next step when nobody waits, even if the reader is still busy with the last', async () => {
  const stream = new EventStream<number>(
    () => Promise.resolve({ done: false, value: 1 }),
    () => {},
  );
  expect(await stream.next()).toEqual({ done: false, value: 1 });
  stream.fail(new Error('revoked'));
  await expect(stream.next()).rejects.toThrow('revoked');
});

test('ends once with the step that says so, or that fails', async () => {
  const ended = vi.fn<() => void>();
  const done = new EventStream<number>(() => Promise.resolve({ done: true, value: undefined }), ended);
  await done.next();
  await done.return();
  const failing = new EventStream<number>(() => Promise.reject(new Error('source')), ended);
  await expect(failing.next()).rejects.toThrow('source');
  expect(await failing.next()).toEqual({ done: true, value: undefined });
  expect(ended).toHaveBeenCalledTimes(2);
});

import { expect, test } from 'vitest';
import { source } from './source.ts';

const never = new AbortController().signal;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Resolves when the signal aborts, as a producer does that waits for something that never comes. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

test('gives what is pushed, in order, then ends', async () => {
  const numbers = source<number>(never, async ({ push }) => {
    for (const n of [1, 2, 3]) await push(n);
  });
  expect(await all(numbers)).toEqual([1, 2, 3]);
});

test('values may be undefined or null', async () => {
  const values = source<null | undefined>(never, async ({ push }) => {
    await push(undefined);
    await push(null);
  });
  expect(await all(values)).toEqual([undefined, null]);
});

test('return() resolves at once and aborts a producer that waits for a silent thing', async () => {
  let ended: Promise<void> | undefined;
  const silent = source<number>(never, ({ signal }) => (ended = aborted(signal)));
  const pending = silent.next();
  expect(await silent.return()).toEqual({ done: true, value: undefined });
  expect(await pending).toEqual({ done: true, value: undefined });
  await ended;
});

test('the signal of the operation ends it as well', async () => {
  const operation = new AbortController();
  const silent = source<number>(operation.signal, ({ signal }) => aborted(signal));
  const pending = silent.next();
  operation.abort();
  expect(await pending).toEqual({ done: true, value: undefined });
});

test('a producer never begins for an operation that is over', async () => {
  let began = false;
  const late = source<number>(AbortSignal.abort(), () => {
    began = true;
    return Promise.resolve();
  });
  expect(await late.next()).toEqual({ done: true, value: undefined });
  expect(began).toBe(false);
});

test('a failure reaches the consumer after the values before it, once', async () => {
  const failing = source<number>(never, async ({ push }) => {
    await push(1);
    throw new Error('the disk is gone');
  });
  expect(await failing.next()).toEqual({ done: false, value: 1 });
  await expect(failing.next()).rejects.toThrow('the disk is gone');
  expect(await failing.next()).toEqual({ done: true, value: undefined });
});

test('a producer that throws before it waits fails the stream, not the subscription', async () => {
  const failing = source<number>(never, () => {
    throw new Error('no such container');
  });
  await expect(failing.next()).rejects.toThrow('no such container');
});

test('a slow consumer holds the producer back', async () => {
  let pushed = 0;
  const flood = source<number>(
    never,
    async ({ push }) => {
      for (;;) {
        await push(pushed);
        pushed++;
      }
    },
    3,
  );
  await flood.next();
  await new Promise((resolve) => setImmediate(resolve));
  // One was taken, two are in the buffer, the third waits in push.
  expect(pushed).toBe(3);
  expect(await flood.next()).toEqual({ done: false, value: 1 });
  await flood.return();
});

test('leaving wakes a producer that waits for room', async () => {
  let failure: unknown;
  const flood = source<number>(
    never,
    async ({ push }) => {
      try {
        for (;;) await push(0);
      } catch (error) {
        failure = error;
        throw error;
      }
    },
    1,
  );
  await flood.return();
  await new Promise((resolve) => setImmediate(resolve));
  expect(failure).toBeInstanceOf(Error);
});

test('leaves no listener on the signal of the operation', async () => {
  const operation = new AbortController();
  const added = new Set<unknown>();
  const { signal } = operation;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    added.add(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    added.delete(args[1]);
    remove(...args);
  };
  const done = source<number>(signal, () => Promise.resolve());
  await done.next();
  expect(added.size).toBe(0);
});

import type { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Longest that a helper waits when its caller names no limit, in milliseconds. Only what is wrong takes that long; what
 * is right may take its time on a busy machine.
 */
const defaultLimit = 60_000;

/** A wait that ran out of time. The message says what was waited for. */
export class WaitTimeout extends Error {
  constructor(what: string, limit: number, cause?: unknown) {
    super(`waited ${limit} ms in vain for ${what}`, { cause });
    this.name = 'WaitTimeout';
  }
}

/**
 * Settles as `work` does, but rejects after `limit` milliseconds.
 *
 * @throws {WaitTimeout}
 */
export async function within<T>(work: PromiseLike<T>, what: string, limit = defaultLimit): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new WaitTimeout(what, limit)), limit);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The arguments of the first `event` of `emitter` that passes `accept`. Listeners are gone afterwards, whatever the end.
 *
 * @throws {WaitTimeout} after `limit` milliseconds
 */
export async function nextEvent(
  emitter: EventEmitter,
  event: string,
  accept: (...args: unknown[]) => boolean = () => true,
  limit = defaultLimit,
): Promise<unknown[]> {
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  const listener = (...args: unknown[]): void => {
    if (accept(...args)) resolve(args);
  };
  emitter.on(event, listener);
  try {
    return await within(promise, `event ${event}`, limit);
  } finally {
    emitter.off(event, listener);
  }
}

/**
 * The first item of `items` that passes `accept`. The iterator is left open, so that a test can go on reading it.
 *
 * @throws {WaitTimeout} after `limit` milliseconds
 * @throws {Error} when the items end first
 */
export async function nextItem<T>(
  items: AsyncIterator<T>,
  accept: (item: T) => boolean = () => true,
  what = 'the next item',
  limit = defaultLimit,
): Promise<T> {
  const search = async (): Promise<T> => {
    for (;;) {
      const result = await items.next();
      if (result.done) throw new Error(`the stream ended before ${what}`);
      if (accept(result.value)) return result.value;
    }
  };
  return within(search(), what, limit);
}

/**
 * For conditions in other processes that send no event (a row, a file, a container's state): asks until `look` answers
 * something other than undefined or false, and returns that. What `look` throws counts as "not yet", and is the cause of
 * the final error.
 *
 * @throws {WaitTimeout} after `limit` milliseconds
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  what: string,
  { limit = defaultLimit, every = 50 }: { limit?: number; every?: number } = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + limit;
  let cause: unknown;
  for (;;) {
    try {
      const found = await look();
      if (isFound(found)) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) throw new WaitTimeout(what, limit, cause);
    await delay(every);
  }
}

const isFound = <T>(value: T): value is Exclude<T, undefined | false> =>
  value !== undefined && value !== false;

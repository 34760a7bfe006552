/** What the producer of a {@link source} is given. */
export interface Sink<T> {
  /**
   * Hands one value over. Resolves when the buffer has room for another, so a producer that awaits it is
   * held back by a slow consumer; gather what happens meanwhile into the next value.
   *
   * @throws the signal's reason once the consumer left
   */
  readonly push: (value: T) => Promise<void>;
  /** Aborted as soon as the consumer leaves. Everything the producer waits for must listen to it. */
  readonly signal: AbortSignal;
}

/** An async iterator that always can be ended. */
export interface Source<T> extends AsyncIterableIterator<T, undefined, undefined> {
  return(): Promise<IteratorReturnResult<undefined>>;
}

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

const done = { done: true, value: undefined } as const;

/**
 * The body of every subscription: `produce` pushes values until it returns or throws, at most `limit` of them
 * wait for the consumer.
 *
 * Unlike an async generator, whose `return()` queues behind the `await` it is suspended in, `return()` here
 * resolves at once and aborts the producer's signal: a subscription to a log in which nothing happens can be
 * ended, and leaves nothing behind.
 */
export function source<T>(
  outer: AbortSignal,
  produce: (sink: Sink<T>) => Promise<void>,
  limit = 4,
): Source<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const buffer: T[] = [];
  const room: (() => void)[] = [];
  let waiting: Waiter<T>[] = [];
  let ended = false;
  let failure: { error: unknown } | undefined;

  const leave = (): void => {
    ended = true;
    buffer.length = 0;
    failure = undefined;
    outer.removeEventListener('abort', leave);
    controller.abort();
    for (const resume of room.splice(0)) resume();
    settle();
  };

  function settle(): void {
    const waiters = waiting;
    waiting = [];
    for (const waiter of waiters) {
      if (failure) {
        const { error } = failure;
        failure = undefined;
        waiter.reject(error);
      } else waiter.resolve(done);
    }
  }

  const sink: Sink<T> = {
    signal,
    async push(value) {
      signal.throwIfAborted();
      const waiter = waiting.shift();
      if (waiter) {
        waiter.resolve({ done: false, value });
        return;
      }
      buffer.push(value);
      while (buffer.length >= limit) {
        await new Promise<void>((resolve) => room.push(resolve));
        signal.throwIfAborted();
      }
    },
  };

  if (outer.aborted) leave();
  else {
    outer.addEventListener('abort', leave, { once: true });
    const work = async (): Promise<void> => produce(sink);
    work().then(
      () => finish(),
      (error: unknown) => finish({ error }),
    );
  }

  function finish(reason?: { error: unknown }): void {
    outer.removeEventListener('abort', leave);
    if (ended) return;
    ended = true;
    failure = reason;
    controller.abort();
    for (const resume of room.splice(0)) resume();
    settle();
  }

  return {
    next() {
      for (const value of buffer.splice(0, 1)) {
        room.shift()?.();
        return Promise.resolve({ done: false, value });
      }
      if (failure) {
        const { error } = failure;
        failure = undefined;
        return Promise.reject(error);
      }
      if (ended) return Promise.resolve(done);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return() {
      leave();
      return Promise.resolve(done);
    },
    throw(error: unknown) {
      leave();
      return Promise.reject(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

import { ServerKitError } from '../errors.ts';

/**
 * What a source keeps while its reader is busy. Every policy is bounded:
 *
 * - `latest`: one value for each key, the newest; for states and gauges
 * - `newest`: the last `limit` values; older ones are dropped and counted
 * - `all`: up to `limit` values, then the source ends with SLOW_CONSUMER; for what must have no gaps
 */
export type Buffering<Value> =
  | { readonly keep: 'latest'; readonly key: (value: Value) => string }
  | { readonly keep: 'newest'; readonly limit: number }
  | { readonly keep: 'all'; readonly limit: number };

type Waiter<Value> = PromiseWithResolvers<IteratorResult<Value, undefined>>;

/**
 * Values pushed by one side and pulled by the other. Unlike an async generator, which cannot be ended while it awaits,
 * `return()` resolves at once and settles whatever was being waited for.
 */
export class Source<Value> implements AsyncIterableIterator<Value, undefined> {
  readonly #buffering: Buffering<Value>;
  readonly #onEnd: (ended: Source<Value>) => void;
  readonly #where: ((value: Value) => boolean) | undefined;
  readonly #pending = new Map<string | number, Value>();
  readonly #waiters: Waiter<Value>[] = [];
  #serial = 0;
  #dropped = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #forget: (() => void) | undefined;

  /**
   * @param onEnd - called once, when no more values are wanted or to come
   * @param signal - ends the source when it aborts; what is pending is dropped
   * @param where - values for which it does not hold are not taken. @default all are
   */
  constructor(
    buffering: Buffering<Value>,
    onEnd: (ended: Source<Value>) => void = () => {},
    signal?: AbortSignal,
    where?: (value: Value) => boolean,
  ) {
    this.#buffering = buffering;
    this.#onEnd = onEnd;
    this.#where = where;
    if (!signal) return;
    const abort = () => void this.return();
    if (signal.aborted) abort();
    else {
      signal.addEventListener('abort', abort, { once: true });
      this.#forget = () => signal.removeEventListener('abort', abort);
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** How many values the reader lost to `newest`. */
  get dropped(): number {
    return this.#dropped;
  }

  push(value: Value): void {
    if (this.#ended || this.#where?.(value) === false) return;
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve({ done: false, value });
    else this.#keep(value);
  }

  #keep(value: Value): void {
    const buffering = this.#buffering;
    if (buffering.keep === 'latest') {
      const key = buffering.key(value);
      // To the end of the line, so that what is read follows the order of what last happened.
      this.#pending.delete(key);
      this.#pending.set(key, value);
      return;
    }
    this.#pending.set(this.#serial++, value);
    if (this.#pending.size <= buffering.limit) return;
    if (buffering.keep === 'newest') {
      for (const oldest of this.#pending.keys()) {
        this.#pending.delete(oldest);
        this.#dropped += 1;
        return;
      }
    }
    this.#pending.clear();
    this.fail(
      new ServerKitError(
        'SLOW_CONSUMER',
        'You read more slowly than events arrive. Subscribe again, or to less.',
      ),
    );
  }

  /** No more values; the reader still gets what is pending. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
    this.#forget?.();
    this.#onEnd(this);
  }

  /** Ends with an error, which the reader meets after what is pending. */
  fail(error: unknown): void {
    if (this.#ended) return;
    const waiter = this.#waiters.shift();
    if (waiter) waiter.reject(error);
    else this.#failure = { error };
    this.end();
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    for (const [key, value] of this.#pending) {
      this.#pending.delete(key);
      return Promise.resolve({ done: false, value });
    }
    if (this.#failure) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    const waiter: Waiter<Value> = Promise.withResolvers();
    this.#waiters.push(waiter);
    return waiter.promise;
  }

  return(): Promise<IteratorResult<Value, undefined>> {
    this.#pending.clear();
    this.#failure = undefined;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorResult<Value, undefined>> {
    void this.return();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

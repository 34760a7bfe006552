type Step<Value> = () => Promise<IteratorResult<Value, undefined>>;

const end = { done: true, value: undefined } as const;

/**
 * An async generator whose steps may take as long as they like while `return()` and `fail()` take effect at once: the
 * step under way is left to end by itself, and what it brings is dropped.
 */
export class EventStream<Value> implements AsyncIterableIterator<Value, undefined> {
  readonly #step: Step<Value>;
  readonly #onEnd: () => void;
  #waiting: PromiseWithResolvers<IteratorResult<Value, undefined>> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  /**
   * @param step - called for each value, one at a time
   * @param onEnd - called once, however it ends
   */
  constructor(step: Step<Value>, onEnd: () => void) {
    this.#step = step;
    this.#onEnd = onEnd;
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    if (this.#failure) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve(end);
    const waiting = Promise.withResolvers<IteratorResult<Value, undefined>>();
    this.#waiting = waiting;
    this.#step().then(
      (result) => {
        this.#waiting = undefined;
        if (result.done) this.#end();
        waiting.resolve(result);
      },
      (error: unknown) => {
        this.#waiting = undefined;
        this.#end();
        waiting.reject(error);
      },
    );
    return waiting.promise;
  }

  return(): Promise<IteratorResult<Value, undefined>> {
    this.#failure = undefined;
    this.#end();
    this.#waiting?.resolve(end);
    return Promise.resolve(end);
  }

  throw(error: unknown): Promise<IteratorResult<Value, undefined>> {
    void this.return();
    return Promise.reject(error);
  }

  /** Ends with an error for the reader: now if it waits, else when it next asks. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#end();
    if (this.#waiting) this.#waiting.reject(error);
    else this.#failure = { error };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }
}

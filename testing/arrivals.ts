/** Keeps what arrives until a test asks for it, in order; then tells how it ended. */
export class Arrivals<T> implements AsyncIterator<T, undefined> {
  readonly #waiting: T[] = [];
  readonly #end = Promise.withResolvers<Error | undefined>();
  #news = Promise.withResolvers<void>();
  #over = false;
  #failure: Error | undefined;

  /** Settles with the error that ended it, or with undefined. Never rejects. */
  get ended(): Promise<Error | undefined> {
    return this.#end.promise;
  }

  push(item: T): void {
    this.#waiting.push(item);
    this.#news.resolve();
  }

  /** Nothing more will come. Only the first call counts. */
  end(failure?: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = failure;
    this.#end.resolve(failure);
    this.#news.resolve();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const [item] = this.#waiting.splice(0, 1);
      if (item !== undefined) return { done: false, value: item };
      if (this.#failure) throw this.#failure;
      if (this.#over) return { done: true, value: undefined };
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
  }
}

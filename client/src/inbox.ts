interface Waiter<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What arrived and was not read yet, in order. Whoever reads an empty inbox waits, and is let go at once when it ends:
 * unlike an async generator, which stays where it waits until something comes.
 */
export class Inbox<Item> {
  #items: { readonly item: Item }[] = [];
  readonly #waiters: Waiter<Item>[] = [];
  #over: { readonly error?: unknown } | undefined;

  get size(): number {
    return this.#items.length;
  }

  get over(): boolean {
    return this.#over !== undefined;
  }

  put(item: Item): void {
    if (this.#over) return;
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve({ done: false, value: item });
    else this.#items.push({ item });
  }

  dropOldest(): void {
    this.#items.shift();
  }

  dropAll(): void {
    this.#items = [];
  }

  /** Puts an item in the place of the one that `is` finds. @returns false when there is none */
  replace(is: (item: Item) => boolean, item: Item): boolean {
    const at = this.#items.findIndex((one) => is(one.item));
    if (at === -1) return false;
    this.#items[at] = { item };
    return true;
  }

  /** Nothing more will come; what is there can still be read, and then the error, once. */
  end(over: { readonly error?: unknown } = {}): void {
    if (this.#over) return;
    this.#over = over;
    for (const waiter of this.#waiters.splice(0)) this.#tell(over, waiter);
  }

  take(): Promise<IteratorResult<Item, undefined>> {
    return new Promise((resolve, reject) => {
      const next = this.#items.shift();
      if (next) resolve({ done: false, value: next.item });
      else if (this.#over) this.#tell(this.#over, { resolve, reject });
      else this.#waiters.push({ resolve, reject });
    });
  }

  #tell(over: { readonly error?: unknown }, { resolve, reject }: Waiter<Item>): void {
    this.#over = {};
    if ('error' in over) reject(over.error);
    else resolve({ done: true, value: undefined });
  }
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Sizes {
  /** The size there is place for; undefined when there is nothing to ask for. */
  readonly wanted: () => Size | undefined;
  /** The size that is shown. */
  readonly shown: () => Size;
  /** Rejects when it was not taken. */
  readonly ask: (size: Size) => Promise<void>;
}

/**
 * The size of a terminal, asked for one at a time: of two that are under way at once the older could come last, and a window
 * that is drawn larger asks for many. What was asked for last is what it has in the end.
 */
export class Sizing {
  readonly #sizes: Sizes;
  #asked: Size | undefined;
  #refused = false;
  #again = false;
  #busy = false;

  constructor(sizes: Sizes) {
    this.#sizes = sizes;
  }

  /** Nothing that was asked for counts any more: the terminal is looked at anew. */
  forget(): void {
    this.#asked = undefined;
    this.#refused = false;
  }

  fit(): void {
    this.#again = true;
    if (!this.#busy) void this.#drain();
  }

  /** What is shown alone would not do: what was asked for before may be yet to be shown, or shown without being so. */
  #has(size: Size): boolean {
    return !this.#refused && same(size, this.#sizes.shown()) && same(size, this.#asked ?? size);
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#again) {
        this.#again = false;
        const size = this.#sizes.wanted();
        if (!size || this.#has(size)) continue;
        this.#asked = size;
        await this.#sizes.ask(size);
        this.#refused = false;
      }
    } catch {
      this.#refused = true;
    } finally {
      this.#busy = false;
    }
  }
}

const same = (one: Size, other: Size): boolean => one.columns === other.columns && one.rows === other.rows;

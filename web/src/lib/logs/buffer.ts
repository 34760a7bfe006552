import type { LogLine } from './splitter.ts';

/** How much of a log is kept in the browser; the oldest lines go first. */
export const keepLines = 100_000;
export const keepCharacters = 32 * 1024 * 1024;

/** The newest lines of a log, in order, within bounds. */
export class LogBuffer {
  #lines: LogLine[] = [];
  #characters = 0;
  #dropped = 0;
  readonly #maxLines: number;
  readonly #maxCharacters: number;
  /** Lines that may be too many until they go together. */
  readonly #slack: number;

  constructor({ maxLines = keepLines, maxCharacters = keepCharacters } = {}) {
    this.#maxLines = maxLines;
    this.#maxCharacters = maxCharacters;
    this.#slack = Math.floor(maxLines / 20);
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** Lines that were here and had to go. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Adds lines. From several containers at once (`merge`) they are put where their time belongs; one container's lines
   * stay in the order Docker gave them.
   */
  add(fresh: readonly LogLine[], { merge = false } = {}): void {
    if (fresh.length === 0) return;
    for (const { text } of fresh) this.#characters += text.length;
    if (merge) this.#merge(fresh);
    else this.#lines = this.#lines.concat(fresh);
    this.#trim();
  }

  clear(): void {
    this.#lines = [];
    this.#characters = 0;
    this.#dropped = 0;
  }

  #merge(fresh: readonly LogLine[]): void {
    const sorted = fresh.toSorted(byOrder);
    const first = sorted[0]?.order ?? '';
    let cut = this.#lines.length;
    while (cut > 0 && (this.#lines[cut - 1]?.order ?? '') > first) cut--;
    const tail = this.#lines.slice(cut).concat(sorted);
    tail.sort(byOrder);
    this.#lines = this.#lines.slice(0, cut).concat(tail);
  }

  #trim(): void {
    // Some at a time, so that not everything moves with each line that comes.
    const over = this.#lines.length - this.#maxLines;
    let drop = over > this.#slack ? over : 0;
    for (let index = 0; index < drop; index++) this.#characters -= this.#lines[index]?.text.length ?? 0;
    while (this.#characters > this.#maxCharacters && drop < this.#lines.length - 1) {
      this.#characters -= this.#lines[drop]?.text.length ?? 0;
      drop++;
    }
    if (drop === 0) return;
    this.#lines = this.#lines.slice(drop);
    this.#dropped += drop;
  }
}

function byOrder(a: LogLine, b: LogLine): number {
  return a.order < b.order ? -1 : a.order > b.order ? 1 : 0;
}

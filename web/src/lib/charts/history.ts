/** Seconds since 1970 and one column per line; null where nothing was measured. What uPlot draws. */
export type Columns = [number[], ...(number | null)[][]];

/** Live samples come every second; two missing stored ones (10 s each) are a hole. */
const shortestHoleMs = 25_000;

/**
 * A window of the past that moves on with each new value. Values closer together than `stepMs` replace one another
 * once the window is long, so that a day on show does not grow by a point a second.
 */
export class History {
  readonly rangeMs: number;
  readonly #stepMs: number;
  readonly #lines: number;
  #times: number[] = [];
  #values: (number | null)[][];

  constructor({ rangeMs, stepMs, lines }: { rangeMs: number; stepMs: number; lines: number }) {
    this.rangeMs = rangeMs;
    this.#stepMs = stepMs;
    this.#lines = lines;
    this.#values = Array.from({ length: lines }, () => []);
  }

  /** `at` in ms since 1970, later than all before it; an earlier one is ignored. */
  append(at: number, values: readonly (number | null)[]): void {
    const last = this.#times.at(-1);
    if (last !== undefined && at <= last * 1000) return;
    const previous = this.#times.at(-2);
    const crowded =
      last !== undefined &&
      previous !== undefined &&
      this.#stepMs > 1000 &&
      at - previous * 1000 < this.#stepMs;
    if (crowded) this.#drop(this.#times.length - 1, 1);
    const before = this.#times.at(-1);
    if (before !== undefined && at - before * 1000 > Math.max(shortestHoleMs, this.#stepMs * 2.5)) {
      this.#push(
        before * 1000 + this.#stepMs,
        Array.from({ length: this.#lines }, () => null),
      );
    }
    this.#push(at, values);
    const tooOld = this.#times.findIndex((time) => time * 1000 >= at - this.rangeMs);
    if (tooOld > 0) this.#drop(0, tooOld);
  }

  /** Fresh arrays, because uPlot keeps what it is given. */
  columns(): Columns {
    return [[...this.#times], ...this.#values.map((line) => [...line])];
  }

  #push(at: number, values: readonly (number | null)[]): void {
    this.#times.push(at / 1000);
    this.#values.forEach((line, index) => line.push(values[index] ?? null));
  }

  #drop(from: number, count: number): void {
    this.#times.splice(from, count);
    for (const line of this.#values) line.splice(from, count);
  }
}

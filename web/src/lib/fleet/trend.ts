/** One gauge over the last minutes, in equal steps; null where nothing was measured. */
export class Trend {
  /** Begin of the first step, ms since 1970. */
  readonly #from: number;
  readonly #stepMs: number;
  readonly #values: readonly (number | null)[];

  constructor(from: number, stepMs: number, values: readonly (number | null)[]) {
    this.#from = from;
    this.#stepMs = stepMs;
    this.#values = values;
  }

  get values(): readonly (number | null)[] {
    return this.#values;
  }

  /** The newest value there is. */
  get last(): number | null {
    return this.#values.findLast((value) => value !== null) ?? null;
  }

  /** The same window moved on so that its last step holds `at`, with the value in that step. */
  moved(at: number, value: number | null): Trend {
    const length = this.#values.length;
    const step = Math.floor((at - this.#from) / this.#stepMs);
    if (length === 0 || step < 0) return this;
    const steps = Math.max(0, step - (length - 1));
    const values: (number | null)[] = Array.from(
      { length },
      (_, index) => this.#values[index + steps] ?? null,
    );
    values[step - steps] = value;
    return new Trend(this.#from + steps * this.#stepMs, this.#stepMs, values);
  }
}

/** An empty window of 15 minutes in 30 steps that ends at `now`. */
export function emptyTrend(now: number): Trend {
  const stepMs = 30_000;
  const from = Math.floor(now / stepMs) * stepMs - 29 * stepMs;
  return new Trend(
    from,
    stepMs,
    Array.from({ length: 30 }, () => null),
  );
}

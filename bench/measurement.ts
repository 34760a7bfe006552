/** One number that was measured, against what its budget allows. */
export interface Measurement {
  /** Unique; known misses are listed under it. */
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The most it may be. A measurement without any limit is a baseline or for information. */
  readonly atMost?: number;
  /** The least it must be. */
  readonly atLeast?: number;
  /** What it was measured against, in the same run. */
  readonly baseline?: string;
}

/** A file of bench/ that measures; `only` on the command line picks by name. */
export interface Bench {
  readonly name: string;
  measure(): Promise<readonly Measurement[]>;
}

/** @param share 0.5 = median, 0.99 = the value that one in a hundred exceeds */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

export function missed({ value, atMost, atLeast }: Measurement): boolean {
  return (atMost !== undefined && value > atMost) || (atLeast !== undefined && value < atLeast);
}

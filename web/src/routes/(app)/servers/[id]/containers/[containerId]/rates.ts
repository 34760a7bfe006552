/** Counters as they stood at one moment (ms since 1970). */
export interface Totals {
  readonly at: number;
  /** Null or absent where the engine does not count. */
  readonly values: readonly (number | null | undefined)[];
}

/** Growth per second between two readings; null for the first, and for a counter that began anew. */
export function rates(before: Totals | null, after: Totals): readonly (number | null)[] {
  const seconds = before ? (after.at - before.at) / 1000 : 0;
  return after.values.map((value, index) => {
    const earlier = before?.values[index];
    if (typeof value !== 'number' || typeof earlier !== 'number') return null;
    return seconds <= 0 || value < earlier ? null : (value - earlier) / seconds;
  });
}

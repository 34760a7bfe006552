/** An instant as Docker tells it: whole milliseconds since 1970, and the nanoseconds beyond them (0–999,999). */
export interface Moment {
  readonly ms: number;
  readonly nanos: number;
}

/** RFC 3339 in UTC with nine digits, and a space: what Docker puts before each line. Characters. */
export const stampLength = 31;

const digits = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;

/** Negative when `a` is the earlier. */
export function compareMoments(a: Moment, b: Moment): number {
  return a.ms - b.ms || a.nanos - b.nanos;
}

/** Of a whole stamp; null for what is none. */
export function momentOf(stamp: string): Moment | null {
  if (!digits.test(stamp)) return null;
  const ms = Date.parse(`${stamp.slice(0, 23)}Z`);
  return Number.isNaN(ms) ? null : { ms, nanos: Number(stamp.slice(23, 29)) };
}

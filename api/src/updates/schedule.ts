const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Between two checks that succeed. Docker's own registry takes a hundred questions in this time from an address it does not know. */
const everyMs = 6 * hourMs;
/** After the first check that fails, and twice as long after each that follows, a day at most. */
const firstPauseMs = 15 * minuteMs;
const longestPauseMs = 24 * hourMs;
/** Policies that were set together are not all checked at once: each has up to this part of the time more or less. */
const jitter = 0.1;

/**
 * When to ask again.
 *
 * @param failures - in a row, 0 after a success
 * @param random - from 0 to 1
 */
export function nextCheck(now: Date, failures: number, random: number): Date {
  const pauseMs = failures === 0 ? everyMs : Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs);
  return new Date(now.getTime() + pauseMs * (1 - jitter + 2 * jitter * random));
}

import { describe, expect, test } from 'vitest';
import { absurdSkewMs, oldestSampleMs, place, type ClockReading } from './wall-clock.ts';

const now = Date.UTC(2026, 10, 22, 12);
const hour = 3_600_000;

/** The agent started an hour ago, by its own reckoning too. */
const clock: ClockReading = { receivedAt: now, epoch: 'this', monotonicMs: hour, skewMs: 0 };
const sample = (at: number, ageMs: number, epoch = 'this') => ({ epoch, at, monotonicMs: hour - ageMs });

describe('a sample of the epoch the agent runs in', () => {
  test.each([0, 250, -500, absurdSkewMs, -absurdSkewMs])(
    'keeps its wall time when that is %i ms off',
    (off) => {
      expect(place(sample(now - 60_000 + off, 60_000), clock)).toStrictEqual({
        at: now - 60_000 + off,
        absurd: false,
      });
    },
  );

  test.each([3 * hour, -3 * hour, absurdSkewMs + 1, -now])(
    'is put where it was taken when it is %i ms off',
    (off) => {
      expect(place(sample(now - 60_000 + off, 60_000), clock)).toStrictEqual({
        at: now - 60_000,
        absurd: true,
      });
    },
  );

  test('is put where it was taken though the clock was set right since', () => {
    const before = place(sample(now - 1_800_000 - 3 * hour, 1_800_000), clock);
    const after = place(sample(now - 10_000, 10_000), clock);
    expect(before).toStrictEqual({ at: now - 1_800_000, absurd: true });
    expect(after).toStrictEqual({ at: now - 10_000, absurd: false });
  });

  test('that claims to be of the future is not believed', () => {
    expect(place(sample(now + 5 * hour, -5 * hour), clock)).toStrictEqual({ at: now, absurd: true });
  });
});

describe('a sample from before a restart', () => {
  test('keeps its wall time when the clock is right', () => {
    expect(place(sample(now - 2 * hour, 0, 'before'), clock)).toStrictEqual({
      at: now - 2 * hour,
      absurd: false,
    });
  });

  test('is moved by the skew of now when the clock is off', () => {
    const off = { ...clock, skewMs: 3 * hour };
    expect(place(sample(now + hour, 0, 'before'), off)).toStrictEqual({ at: now - 2 * hour, absurd: true });
  });

  test.each([now + 2 * absurdSkewMs, now - oldestSampleMs - 1, 0, Number.MAX_SAFE_INTEGER])(
    'comes at the time of receipt when %i cannot be',
    (at) => {
      expect(place(sample(at, 0, 'before'), clock)).toStrictEqual({ at: now, absurd: true });
    },
  );
});

test('nothing is ever put where retention may have dropped its day', () => {
  for (const at of [0, 1, now, now * 2]) {
    for (const monotonicMs of [0, hour, 1e12, Number.MAX_SAFE_INTEGER]) {
      for (const epoch of ['this', 'before']) {
        for (const skewMs of [0, -1e12, 1e12]) {
          const placed = place({ epoch, at, monotonicMs }, { ...clock, monotonicMs: 1e12, skewMs }).at;
          expect(placed).toBeGreaterThanOrEqual(now - oldestSampleMs);
          expect(placed).toBeLessThanOrEqual(now + absurdSkewMs);
        }
      }
    }
  }
});

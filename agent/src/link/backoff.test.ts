import { describe, expect, it } from 'vitest';
import { createBackoff } from './backoff.ts';

describe('waiting before the next try', () => {
  it('may last twice as long each time, up to its cap, and begins anew when reset', () => {
    const backoff = createBackoff({ baseMs: 500, capMs: 20_000, random: () => 1 });
    expect(Array.from({ length: 8 }, () => backoff.next())).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000,
    ]);
    for (let n = 0; n < 2_000; n += 1) backoff.next();
    expect(backoff.next()).toBe(20_000);
    backoff.reset();
    expect(backoff.next()).toBe(500);
  });

  it('is spread over all of it, so that many do not come back as one', () => {
    const backoff = createBackoff({ baseMs: 1_000, capMs: 1_000 });
    const waits = Array.from({ length: 2_000 }, () => backoff.next());
    const quarters = [0, 1, 2, 3].map((q) => waits.filter((ms) => Math.floor(ms / 250) === q).length);
    for (const count of quarters) expect(count).toBeGreaterThan(300);
  });

  it('is short for one that was asked to come back, long for what people must mend', () => {
    const backoff = createBackoff();
    for (let n = 0; n < 100; n += 1) {
      expect(backoff.soon()).toBeLessThanOrEqual(2_000);
      expect(backoff.late()).toBeGreaterThanOrEqual(20_000);
      expect(backoff.late()).toBeLessThanOrEqual(40_000);
    }
  });

  it('ends at once, and quietly, when the agent stops', async () => {
    const stopping = new AbortController();
    const waiting = createBackoff().wait(60_000, stopping.signal);
    stopping.abort();
    await expect(waiting).resolves.toBeUndefined();
  });
});

import { setTimeout as sleep } from 'node:timers/promises';

export interface Backoff {
  /** The next wait in milliseconds, longer with every failure in a row. */
  next(): number;
  /** A short wait in milliseconds for a peer that asked us to come back. */
  soon(): number;
  /** A long wait in milliseconds, for what only a person can put right. */
  late(): number;
  /** The control plane took us: the next failure starts from the beginning. */
  reset(): void;
  /** Waits; returns early, without throwing, when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * Capped exponential backoff with full jitter: any wait between 0 and the cap is as likely as any other, so
 * that thousands of agents that lost the same control plane do not come back as one.
 */
export function createBackoff({ baseMs = 500, capMs = 20_000, random = Math.random } = {}): Backoff {
  let failures = 0;
  return {
    next() {
      const ceiling = Math.min(capMs, baseMs * 2 ** failures);
      failures = Math.min(failures + 1, 20);
      return random() * ceiling;
    },
    soon: () => random() * Math.min(2_000, capMs),
    late: () => capMs * (1 + random()),
    reset() {
      failures = 0;
    },
    async wait(ms, signal) {
      await sleep(ms, undefined, { signal }).catch(() => undefined);
    },
  };
}

/** The longest first pause, in milliseconds. */
const firstMs = 300;

/**
 * Capped exponential backoff with full jitter, so that many clients do not come back to a restarted server at once.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export class Backoff {
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(maxMs: number, random: () => number = Math.random) {
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Attempts in a row that failed. */
  get failures(): number {
    return this.#failures;
  }

  /** How long to wait before the next attempt, in milliseconds. */
  next(): number {
    const longest = Math.min(this.#maxMs, firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return this.#random() * longest;
  }

  /** It worked. */
  reset(): void {
    this.#failures = 0;
  }
}

/** Waits; a signal or a call of the function passed to `wake` ends it early. Never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

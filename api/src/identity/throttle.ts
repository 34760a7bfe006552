import { rateLimited } from '../errors.ts';

export interface ThrottleOptions {
  /** Tries before any waiting. */
  readonly free: number;
  /** Wait after the first try beyond those, in milliseconds; doubles with each. */
  readonly firstWaitMs: number;
  /** The longest wait, in milliseconds: nobody is locked out for ever. */
  readonly longestWaitMs: number;
  /** Keys remembered at once; the longest untouched is forgotten first. */
  readonly maxKeys: number;
  readonly now?: () => number;
}

interface Bucket {
  tries: number;
  /** Milliseconds since the epoch. */
  blockedUntil: number;
}

/** Slows down repeated tries, exponentially, for each key. In memory: a restart forgives. */
export class Throttle {
  readonly #options: ThrottleOptions;
  readonly #now: () => number;
  /** In the order of last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: ThrottleOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Counts a try before it is made, so that many at once cannot slip through together. A try while blocked is
   * refused and does not prolong the wait.
   * @throws ServerKitError RATE_LIMITED
   */
  attempt(key: string): void {
    const now = this.#now();
    const { free, firstWaitMs, longestWaitMs, maxKeys } = this.#options;
    const bucket = this.#buckets.get(key) ?? { tries: 0, blockedUntil: 0 };
    if (bucket.blockedUntil > now) throw rateLimited((bucket.blockedUntil - now) / 1000);
    // Quiet for as long as the longest wait: forgiven.
    if (bucket.blockedUntil > 0 && now - bucket.blockedUntil > longestWaitMs) bucket.tries = 0;
    bucket.tries += 1;
    const over = bucket.tries - free;
    bucket.blockedUntil =
      over < 0 ? now : now + Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(over, 40));
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= maxKeys) break;
      this.#buckets.delete(oldest);
    }
  }

  /** The try succeeded: the key starts afresh. */
  forgive(key: string): void {
    this.#buckets.delete(key);
  }

  /** Takes one counted try back, leaving the others: it turned out to be honest. */
  refund(key: string): void {
    const bucket = this.#buckets.get(key);
    if (!bucket) return;
    bucket.tries -= 1;
    if (bucket.tries < this.#options.free) bucket.blockedUntil = this.#now();
    if (bucket.tries <= 0) this.#buckets.delete(key);
  }

  get size(): number {
    return this.#buckets.size;
  }
}

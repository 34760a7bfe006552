import { randomBytes } from 'node:crypto';
import { ServerKitError } from '../errors.ts';

/** How long a ticket waits to be used. Milliseconds. */
export const ticketMs = 60_000;
/** As many may wait as nobody asks for in that time. */
const maxWaiting = 1_000;

export interface Ticket {
  readonly secret: string;
  readonly expiresAt: Date;
}

/**
 * What somebody was allowed to do once and soon, under a secret that stands for it: a browser that saves a file as it comes
 * shows nothing but an address. They live in memory only, so a new start forgets them.
 */
export class Tickets<Purpose> {
  readonly #waiting = new Map<string, { readonly purpose: Purpose; readonly until: number }>();
  readonly #now: () => number;

  /** @param now - milliseconds since 1970 */
  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  /** @throws ServerKitError TOO_MANY_OPERATIONS */
  issue(purpose: Purpose): Ticket {
    const now = this.#now();
    for (const [secret, { until }] of this.#waiting) if (until <= now) this.#waiting.delete(secret);
    if (this.#waiting.size >= maxWaiting) {
      throw new ServerKitError(
        'TOO_MANY_OPERATIONS',
        'Too many transfers are about to begin. Try again soon.',
        {
          details: { limit: maxWaiting },
        },
      );
    }
    const secret = randomBytes(32).toString('base64url');
    const until = now + ticketMs;
    this.#waiting.set(secret, { purpose, until });
    return { secret, expiresAt: new Date(until) };
  }

  /** What it stands for, to the first who asks; undefined for one that is unknown, used or too old. */
  take(secret: string): Purpose | undefined {
    const found = this.#waiting.get(secret);
    this.#waiting.delete(secret);
    return found && found.until > this.#now() ? found.purpose : undefined;
  }
}

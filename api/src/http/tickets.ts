import { randomBytes } from 'node:crypto';
import { ServerKitError } from '../errors.ts';

/** How long a ticket waits to be used. Milliseconds. */
export const ticketMs = 60_000;
/** As many of one person or program may wait as nobody asks for in that time; and of all of them. */
const maxHeld = 100;
const maxWaiting = 10_000;

export interface Ticket {
  readonly secret: string;
  readonly expiresAt: Date;
}

interface Waiting<Purpose> {
  readonly purpose: Purpose;
  readonly holder: string;
  readonly until: number;
}

/**
 * What somebody was allowed to do once and soon, under a secret that stands for it: a browser that saves a file as it comes
 * shows nothing but an address. They live in memory only, so a new start forgets them.
 */
export class Tickets<Purpose> {
  readonly #waiting = new Map<string, Waiting<Purpose>>();
  readonly #held = new Map<string, number>();
  readonly #now: () => number;

  /** @param now - milliseconds since 1970 */
  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  /** @param holder - whose it is: nobody takes another's share of them @throws ServerKitError TOO_MANY_OPERATIONS */
  issue(holder: string, purpose: Purpose): Ticket {
    const now = this.#now();
    // In the order they were issued, and so of their ends.
    for (const [secret, { until }] of this.#waiting) {
      if (until > now) break;
      this.#remove(secret);
    }
    const held = this.#held.get(holder) ?? 0;
    if (held >= maxHeld || this.#waiting.size >= maxWaiting) {
      throw new ServerKitError(
        'TOO_MANY_OPERATIONS',
        'Too many transfers are about to begin. Try again soon.',
        { details: { limit: held >= maxHeld ? maxHeld : maxWaiting } },
      );
    }
    const secret = randomBytes(32).toString('base64url');
    const until = now + ticketMs;
    this.#waiting.set(secret, { purpose, holder, until });
    this.#held.set(holder, held + 1);
    return { secret, expiresAt: new Date(until) };
  }

  /** What it stands for, to the first who asks; undefined for one that is unknown, used or too old. */
  take(secret: string): Purpose | undefined {
    const found = this.#remove(secret);
    return found && found.until > this.#now() ? found.purpose : undefined;
  }

  #remove(secret: string): Waiting<Purpose> | undefined {
    const found = this.#waiting.get(secret);
    if (!found) return undefined;
    this.#waiting.delete(secret);
    const held = (this.#held.get(found.holder) ?? 1) - 1;
    if (held > 0) this.#held.set(found.holder, held);
    else this.#held.delete(found.holder);
    return found;
  }
}

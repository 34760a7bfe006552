import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import { addressKey } from '../http/address-key.ts';
import type { Visitor } from './sessions.ts';
import { Throttle } from './throttle.ts';

const minute = 60_000;
const waits = { firstWaitMs: 1_000, longestWaitMs: 15 * minute, maxKeys: 20_000 } as const;

interface Attempt {
  /** What is guessed at: an account, or a word for something there is one of. */
  readonly account: string;
  /** noun.verb, for the audit. */
  readonly action: string;
  readonly visitor: Pick<Visitor, 'address'>;
}

/** Slows down those who guess at secrets short enough to be guessed. */
export class Attempts {
  readonly #audit: Audit;
  /** Guesses at one account from one place. The pair, so that a stranger cannot lock the owner out. */
  readonly #byAccount: Throttle;
  /** Guesses from one place at any account. */
  readonly #byAddress: Throttle;
  /**
   * Guesses at one account's second factor from wherever: six digits are few, and whoever gets as far as guessing them
   * knows the password.
   */
  readonly #byCode: Throttle;

  /** @param now - milliseconds since the epoch */
  constructor(audit: Audit, now: () => number = Date.now) {
    this.#audit = audit;
    this.#byAccount = new Throttle({ ...waits, free: 5, now });
    this.#byAddress = new Throttle({ ...waits, free: 30, now });
    this.#byCode = new Throttle({ ...waits, free: 10, now });
  }

  /**
   * Counts a try before it is made.
   * @returns to be called when it turned out well
   * @throws ServerKitError RATE_LIMITED
   */
  begin({ account, action, visitor: { address } }: Attempt): () => void {
    const place = addressKey(address);
    const pair = `${account}\n${place}`;
    this.#guard(action, address, () => {
      this.#byAddress.attempt(place);
      this.#byAccount.attempt(pair);
    });
    return () => {
      this.#byAddress.refund(place);
      this.#byAccount.forgive(pair);
    };
  }

  /** The same for the second factor of an account. */
  beginCode({ account, action, visitor: { address } }: Attempt): () => void {
    const place = addressKey(address);
    this.#guard(action, address, () => {
      this.#byAddress.attempt(place);
      this.#byCode.attempt(account);
    });
    return () => {
      this.#byAddress.refund(place);
      this.#byCode.forgive(account);
    };
  }

  #guard(action: string, address: string, count: () => void): void {
    try {
      count();
    } catch (error) {
      const actor: Actor = { kind: 'anonymous', address };
      this.#audit.refused({ actor, action, code: 'RATE_LIMITED' });
      throw error;
    }
  }
}

import { randomBytes } from 'node:crypto';
import { argon2id, hash, needsRehash, verify } from 'argon2';
import { rateLimited } from '../errors.ts';

/**
 * argon2id with 19 MiB, two passes and one lane: the first choice of the OWASP Password Storage Cheat Sheet.
 * Hashes carry their parameters, so raising these upgrades each account at its next sign-in.
 */
const parameters = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Both run on the thread pool that files and DNS share, so only some at a time, and a short queue. */
const maxRunning = 2;
const maxWaiting = 50;

export interface Passwords {
  hash(password: string): Promise<string>;
  /**
   * Takes the same time and work whether there is a hash or not, so that nobody learns which accounts exist.
   * @param stored - undefined when there is no such account
   * @throws ServerKitError RATE_LIMITED when too many wait already
   */
  verify(stored: string | undefined, password: string): Promise<boolean>;
  /** Whether a hash was made with weaker parameters than today's. */
  outdated(stored: string): boolean;
}

export function createPasswords(): Passwords {
  const gate = new Gate(maxRunning, maxWaiting);
  // Of a password nobody knows: what a stranger's guess is measured against.
  let nobodys: Promise<string> | undefined;
  const make = (password: string) => gate.run(() => hash(password, parameters));
  return {
    hash: make,
    async verify(stored, password) {
      nobodys ??= hash(randomBytes(32), parameters);
      const against = stored ?? (await nobodys);
      const matches = await gate.run(() => verify(against, password));
      return matches && stored !== undefined;
    },
    outdated: (stored) => needsRehash(stored, parameters),
  };
}

/** Lets a few run at once and some wait; turns the rest away. */
class Gate {
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limit: number, queue: number) {
    this.#limit = limit;
    this.#maxWaiting = queue;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limit) {
      if (this.#waiting.length >= this.#maxWaiting) throw rateLimited(1);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}

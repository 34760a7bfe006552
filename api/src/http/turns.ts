import { ServerKitError } from '../errors.ts';

/** Transfers at once: of one person or program, and of all of them, as each takes a window of a link. */
const maxHeld = 8;
const maxRunning = 64;

/** Who has transfers under way, so that none takes all of them. */
export class TransferTurns {
  readonly #held = new Map<string, number>();
  #running = 0;

  /** @throws ServerKitError TOO_MANY_OPERATIONS */
  take(holder: string): Disposable {
    const held = this.#held.get(holder) ?? 0;
    if (held >= maxHeld || this.#running >= maxRunning) {
      throw new ServerKitError('TOO_MANY_OPERATIONS', 'Other transfers are running. Wait for one to end.', {
        details: { limit: held >= maxHeld ? maxHeld : maxRunning },
      });
    }
    this.#held.set(holder, held + 1);
    this.#running += 1;
    return {
      [Symbol.dispose]: () => {
        this.#running -= 1;
        const left = (this.#held.get(holder) ?? 1) - 1;
        if (left > 0) this.#held.set(holder, left);
        else this.#held.delete(holder);
      },
    };
  }
}

import { ServerKitError } from './errors.ts';

export interface ShareLimits {
  /** At once of one person or program. */
  readonly each: number;
  /** And of all of them. @default no limit */
  readonly all?: number;
  /** What whoever asks for more is told. */
  readonly refusal: string;
}

/** Who has how much of what there is little of under way, so that none takes all of it. */
export class Shares {
  readonly #limits: Required<ShareLimits>;
  readonly #held = new Map<string, number>();
  #running = 0;

  constructor(limits: ShareLimits) {
    this.#limits = { all: Infinity, ...limits };
  }

  /**
   * @param holder - whose they are, see `holderOf`
   * @param count - all of them or none
   * @returns gives them back
   * @throws ServerKitError TOO_MANY_OPERATIONS
   */
  take(holder: string, count = 1): Disposable {
    const { each, all, refusal } = this.#limits;
    const held = this.#held.get(holder) ?? 0;
    if (held + count > each || this.#running + count > all) {
      throw new ServerKitError('TOO_MANY_OPERATIONS', refusal, {
        details: { limit: held + count > each ? each : all },
      });
    }
    this.#held.set(holder, held + count);
    this.#running += count;
    let taken = true;
    return {
      [Symbol.dispose]: () => {
        if (!taken) return;
        taken = false;
        this.#running -= count;
        const left = (this.#held.get(holder) ?? count) - count;
        if (left > 0) this.#held.set(holder, left);
        else this.#held.delete(holder);
      },
    };
  }
}

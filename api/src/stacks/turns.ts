interface Turn {
  readonly group: string;
  readonly work: () => Promise<void>;
  readonly done: PromiseWithResolvers<void>;
}

export interface TurnLimits {
  /** At work at once. */
  readonly atOnce: number;
  /** Of one group. */
  readonly perGroup: number;
}

/**
 * Work on many things, in the order in which it was asked for, within bounds: what takes long holds up its own group, and
 * nobody waits for all of it.
 */
export class Turns {
  readonly #limits: TurnLimits;
  readonly #waiting = new Map<string, Turn>();
  readonly #working = new Map<string, Turn>();
  #over = false;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /**
   * Never twice at once for the same key: asked for again, it is what is there already.
   *
   * @param work - never throws
   * @returns when it was done, or will not be
   */
  take(key: string, group: string, work: () => Promise<void>): Promise<void> {
    const known = this.#working.get(key) ?? this.#waiting.get(key);
    if (known) return known.done.promise;
    const turn = { group, work, done: Promise.withResolvers<void>() };
    if (this.#over) turn.done.resolve();
    else this.#waiting.set(key, turn);
    this.#next();
    return turn.done.promise;
  }

  /** Begins no more. @returns when those at work have ended */
  async end(): Promise<void> {
    this.#over = true;
    for (const { done } of this.#waiting.values()) done.resolve();
    this.#waiting.clear();
    await Promise.all([...this.#working.values()].map(({ done }) => done.promise));
  }

  #next(): void {
    for (const [key, turn] of this.#waiting) {
      if (this.#working.size >= this.#limits.atOnce) return;
      if (this.#of(turn.group) >= this.#limits.perGroup) continue;
      this.#waiting.delete(key);
      this.#working.set(key, turn);
      void turn.work().finally(() => {
        this.#working.delete(key);
        turn.done.resolve();
        this.#next();
      });
    }
  }

  #of(group: string): number {
    return [...this.#working.values()].filter((turn) => turn.group === group).length;
  }
}

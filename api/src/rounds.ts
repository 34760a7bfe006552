/**
 * Work that goes round and round, one round at a time. Those who ask for one while another is at work all get the same
 * next: rounds that take long do not pile up.
 */
export class Rounds {
  readonly #work: () => Promise<void>;
  #again = false;
  #over = false;
  #running: Promise<void> | undefined;

  /** @param work - one round; never throws */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  begin(): void {
    if (this.#over) return;
    this.#again = true;
    this.#running ??= this.#go().finally(() => (this.#running = undefined));
  }

  /** Begins no more. @returns when the one at work has ended */
  async end(): Promise<void> {
    this.#over = true;
    this.#again = false;
    await this.#running;
  }

  async #go(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#work();
    }
  }
}

/** Wakes whoever waits. What rings while nobody does is heard by the next one who waits. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves when it rings, or so many milliseconds have passed; of many rings, one is heard. */
  async rung(withinMs: number): Promise<void> {
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = Number.isFinite(withinMs) ? setTimeout(resolve, withinMs) : undefined;
      await promise;
      clearTimeout(timer);
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}

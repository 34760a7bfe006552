/** A day of 10 s samples may come at once. */
const burst = 10_000;

/** After that, ten times as many as an agent takes. */
const perSecond = 1;

/** How many samples a link may bring: enough for any outage, too few to fill the disk with. */
export class RateAllowance {
  #left = burst;
  #at = performance.now();

  /** Whether there is enough left; takes it if so. */
  spend(samples: number): boolean {
    const now = performance.now();
    this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    if (this.#left < samples) return false;
    this.#left -= samples;
    return true;
  }
}

import { sentence } from '../errors.ts';
import { t } from '../i18n.svelte.ts';
import { toasts } from '../toasts.svelte.ts';
import type { Outcome } from './outcome.ts';

/** One change to many at a time: whether it is under way, and how it ended where not all went well. */
export class Bulk {
  busy = $state(false);
  /** To be looked at by whoever asked; null when all went well or it was seen. */
  outcomes = $state.raw<readonly Outcome[] | null>(null);

  /** Throws a failure of the whole, for the dialog that asked. */
  async run(work: () => Promise<readonly Outcome[]>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      const outcomes = await work();
      if (outcomes.every(({ failure }) => failure === null)) toasts.good(t().bulk.done(outcomes.length));
      else this.outcomes = outcomes;
    } finally {
      this.busy = false;
    }
  }

  /** The same from a button: a failure of the whole becomes a toast. */
  async runAndTell(work: () => Promise<readonly Outcome[]>): Promise<void> {
    try {
      await this.run(work);
    } catch (error) {
      toasts.critical(sentence(error));
    }
  }
}

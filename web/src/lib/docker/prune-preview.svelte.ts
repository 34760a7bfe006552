import { sentence } from '../errors.ts';

/** What would go, as the server tells it while a dialog asks whether it shall. */
export class PrunePreview<Shown> {
  /** Null before the answer, and where there is none. */
  shown = $state.raw<Shown | null>(null);
  /** Why there is none, as a sentence; empty when there is, and before. */
  problem = $state('');

  /**
   * Made while a component is.
   *
   * @param ask - asks; null while it is not known what for. It is called again when what it reads at once has changed,
   *   and an answer that was overtaken by this is dropped
   */
  constructor(ask: () => Promise<Shown> | null) {
    $effect(() => {
      const asked = ask();
      if (!asked) return;
      let over = false;
      this.shown = null;
      this.problem = '';
      asked.then(
        (shown) => {
          if (!over) this.shown = shown;
        },
        (error: unknown) => {
          if (!over) this.problem = sentence(error);
        },
      );
      return () => (over = true);
    });
  }
}

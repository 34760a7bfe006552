/** Something that waits for the engine. */
interface Waiting {
  /** Whether anything came since it was last asked. */
  readonly moved: () => boolean;
  /** Asks the engine anything at all. Rejects where it does not answer in time. */
  readonly ask: () => Promise<unknown>;
  /** The engine hangs, or is gone. */
  readonly gone: (error: unknown) => void;
}

/**
 * The engine may be silent for as long as its work takes, and one that hangs is silent as well. While nothing comes it
 * is asked something that it answers at once, so that nobody waits for ever for one that hangs.
 *
 * @param everyMs - how long it may be silent before it is asked
 * @returns ends it
 */
export function tellWhenDeaf(everyMs: number, { moved, ask, gone }: Waiting): () => void {
  let asking = false;
  const timer = setInterval(() => {
    if (moved() || asking) return;
    asking = true;
    ask()
      .catch(gone)
      .finally(() => {
        asking = false;
      });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

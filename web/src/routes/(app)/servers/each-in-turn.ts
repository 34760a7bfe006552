const atOnce = 4;

/** Runs an action for every item, a few at a time, and tells which failed. Never throws. */
export async function eachInTurn<Item>(
  items: readonly Item[],
  action: (item: Item) => Promise<unknown>,
): Promise<readonly { item: Item; error: unknown }[]> {
  const waiting = items.values();
  const failures: { item: Item; error: unknown }[] = [];
  const worker = async () => {
    // One iterator for all workers: each item goes to whoever is free.
    for (const item of waiting) {
      try {
        await action(item);
      } catch (error) {
        failures.push({ item, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return failures;
}

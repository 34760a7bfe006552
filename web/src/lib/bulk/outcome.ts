import type { Failure } from '../api/failure.ts';

/** How it ended for one of many. */
export interface Outcome {
  readonly target: string;
  /** As people call it. */
  readonly name: string;
  readonly href: string;
  /** Null when it was done. */
  readonly failure: Failure | null;
}

/** What the API takes at once. */
const mostAtOnce = 500;

/** Asks in as many calls as it takes, one after the other, and puts the answers together. */
export async function inPortions<Target, Result>(
  targets: readonly Target[],
  ask: (portion: Target[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < targets.length; from += mostAtOnce)
    results.push(...(await ask(targets.slice(from, from + mostAtOnce))));
  return results;
}

/** Those that were not done first, otherwise as they were. */
export function failedFirst(outcomes: readonly Outcome[]): readonly Outcome[] {
  return outcomes.toSorted((a, b) => Number(a.failure === null) - Number(b.failure === null));
}

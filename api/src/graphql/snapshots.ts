import type { RequestContext } from '../context.ts';

/** Makes the event a subscriber begins with; null or undefined = none. */
export type TakeSnapshot = (context: RequestContext) => unknown;

/** By the source that was opened with the same arguments. */
const kept = new WeakMap<object, TakeSnapshot>();

export function keepSnapshot(source: unknown, take: TakeSnapshot): void {
  if (typeof source === 'object' && source !== null) kept.set(source, take);
}

export function snapshotFor(source: object): TakeSnapshot | undefined {
  return kept.get(source);
}

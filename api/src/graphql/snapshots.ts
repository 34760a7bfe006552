import type { RequestContext } from '../context.ts';

/** Makes the events a subscriber begins with. */
export type TakeSnapshot = (context: RequestContext) => readonly unknown[] | Promise<readonly unknown[]>;

/** By the source that was opened with the same arguments. */
const kept = new WeakMap<object, TakeSnapshot>();

export function keepSnapshot(source: unknown, take: TakeSnapshot): void {
  if (typeof source === 'object' && source !== null) kept.set(source, take);
}

export function snapshotFor(source: object): TakeSnapshot | undefined {
  return kept.get(source);
}

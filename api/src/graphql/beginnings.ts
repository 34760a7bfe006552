import type { RequestContext } from '../context.ts';
import type { Events, RightsChange } from './access.ts';

/** What readers of a source are told that is not among its events. */
export interface Beginnings {
  /** The events a reader begins with. */
  readonly snapshot?: (context: RequestContext) => Events;
  /** What one is told whose rights changed. */
  readonly onRights?: (change: RightsChange, context: RequestContext) => Events;
}

/** By the source that was opened with the same arguments. */
const kept = new WeakMap<object, Beginnings>();

export function keepBeginnings(source: unknown, beginnings: Beginnings): void {
  if (typeof source === 'object' && source !== null) kept.set(source, beginnings);
}

export function beginningsOf(source: object): Beginnings {
  return kept.get(source) ?? {};
}

import type { Actor } from '../audit/actor.ts';

/** Who has something done on a server. */
export interface Asker {
  readonly actor: Actor;
  /** Aborted when the one who asked has left. */
  readonly signal: AbortSignal;
}

/** What can be wrong with the record. */
export const problemKinds = {
  ALTERED: 'An event is not what was recorded.',
  MISPLACED: 'An event is genuine, but another one was recorded in its place, or its seal was changed.',
  REMOVED: 'An event, or a stretch of the chain with its events, is gone.',
  INSERTED: 'An event was written by somebody else than the control plane, or is the copy of another one.',
  UNSEALED: 'An event is genuine, but its seal is gone.',
  SEAL_ALTERED: 'A seal is not the one that was written down outside of the database.',
  CHECKPOINT_ALTERED: 'A checkpoint of the chain was changed or written by somebody else.',
} as const;

export type ProblemKind = keyof typeof problemKinds;

export interface Problem {
  readonly kind: ProblemKind;
  /** In the chain; the first of several. */
  readonly position?: bigint;
  readonly eventId?: bigint;
  /** When the event happened, as far as its row says. */
  readonly at?: Date;
  /** How many places in a row. */
  readonly seals?: number;
}

/** How many are told; the rest is counted. */
const maxListed = 100;

export class Findings {
  readonly list: Problem[] = [];
  count = 0;

  add(problem: Problem): void {
    this.count += 1;
    if (this.list.length < maxListed) this.list.push(problem);
  }
}

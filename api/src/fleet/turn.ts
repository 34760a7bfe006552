import type { JobEnd } from '../jobs/records.ts';
import type { ErrorCode } from '../errors.ts';
import type { Pace } from './order.ts';

export const targetStates = [
  'waiting',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'interrupted',
  'skipped',
] as const;
export type TargetState = (typeof targetStates)[number];

/** One server of many, as it stands. */
export interface Target {
  readonly serverId: string;
  /** Of the server. */
  readonly name: string;
  readonly state: TargetState;
  /** What works there, once it was begun. */
  readonly jobId: string | null;
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
}

export interface Turn {
  /** The servers to begin on now. */
  readonly begin: readonly string[];
  /** Nothing runs and nothing more begins. */
  readonly over: boolean;
}

const bad: ReadonlySet<TargetState> = new Set(['failed', 'cancelled', 'interrupted']);

/** What is next, in the order of the targets. @param halted - nothing more is to begin, whatever became of the others */
export function turnOf(targets: readonly Target[], { parallel, onFailure }: Pace, halted: boolean): Turn {
  const running = targets.filter(({ state }) => state === 'running').length;
  const stopped = halted || (onFailure === 'STOP' && targets.some(({ state }) => bad.has(state)));
  const waiting = stopped ? [] : targets.filter(({ state }) => state === 'waiting');
  const begin = waiting.slice(0, Math.max(0, parallel - running)).map(({ serverId }) => serverId);
  return { begin, over: running === 0 && waiting.length === 0 };
}

/** What is left when it is over: what was not begun is not going to be. */
export function settled(targets: readonly Target[]): Target[] {
  return targets.map((target) => (target.state === 'waiting' ? { ...target, state: 'skipped' } : target));
}

/** How the whole ended. */
export function endOf(
  targets: readonly Target[],
  { cancelled, lost }: { readonly cancelled: boolean; readonly lost: boolean },
): JobEnd {
  const all = settled(targets);
  const result = { targets: all };
  const count = (...states: readonly TargetState[]): number =>
    all.filter(({ state }) => states.includes(state)).length;
  const done = count('succeeded');
  if (done === all.length) return { state: 'succeeded', result, error: null };
  const skipped = count('skipped');
  const message = `It was done on ${done} of ${all.length} servers${
    skipped > 0 ? `, and not begun on ${skipped}` : ''
  }.`;
  if (cancelled) return { state: 'cancelled', result, error: { code: 'CANCELLED', message } };
  const first = all.find(({ errorCode }) => errorCode !== null);
  if (lost && skipped > 0) {
    const code = first?.errorCode ?? 'OUTCOME_UNKNOWN';
    const why = 'What was to be done is not known any more.';
    return { state: 'interrupted', result, error: { code, message: `${why} ${message}` } };
  }
  return {
    state: 'failed',
    result,
    error: { code: first?.errorCode ?? 'OUTCOME_UNKNOWN', message: `${message} ${whyOf(first)}`.trim() },
  };
}

function whyOf(first: Target | undefined): string {
  return first?.errorMessage ? `${first.name}: ${first.errorMessage}` : '';
}

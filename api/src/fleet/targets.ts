import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import { errorCodes, type ErrorCode, type ServerKitError } from '../errors.ts';
import { storedResult } from './jobs.ts';
import type { Target, TargetState } from './turn.ts';

/** What is known of servers besides the rows of their jobs. */
export interface Surroundings {
  /** Names of those that exist. */
  readonly names: ReadonlyMap<string, string>;
  /** It is being begun there at this moment. */
  readonly beginning?: ReadonlySet<string>;
  /** Why it was not even put down for these. */
  readonly refused?: ReadonlyMap<string, ServerKitError>;
  /** Their agents went away while they were at it. */
  readonly away?: ReadonlySet<string>;
}

type Part = Pick<Job, 'id' | 'serverId' | 'state' | 'errorCode' | 'errorMessage' | 'finishedAt'>;
type Whole = Pick<Job, 'serverIds' | 'result' | 'finishedAt'>;

/** How one on many servers stands on each of them, in their order. */
export function targetsOf(
  { serverIds, result, finishedAt }: Whole,
  parts: readonly Part[],
  { names, beginning, refused, away }: Surroundings,
): Target[] {
  const byServer = new Map(parts.map((part) => [part.serverId, part]));
  // What is not there any more was written down at the end.
  const kept = new Map(storedResult(result)?.targets.map((target) => [target.serverId, target]));
  return serverIds.map((serverId): Target => {
    const part = byServer.get(serverId);
    const before = kept.get(serverId);
    const none = { serverId, name: names.get(serverId) ?? before?.name ?? serverId, jobId: part?.id ?? null };
    const unharmed = { ...none, errorCode: null, errorMessage: null };
    if (part?.finishedAt) {
      const { errorMessage } = part;
      return { ...none, state: stateOf(part), errorCode: codeOf(part.errorCode), errorMessage };
    }
    if (part) {
      if (!away?.has(serverId)) return { ...unharmed, state: 'running' };
      return { ...none, state: 'interrupted', ...awayError };
    }
    if (before) return { ...before, ...none, errorCode: codeOf(before.errorCode) };
    const error = refused?.get(serverId);
    if (error) return { ...none, state: 'failed', errorCode: error.code, errorMessage: error.message };
    if (beginning?.has(serverId)) return { ...unharmed, state: 'running' };
    return { ...unharmed, state: finishedAt ? 'skipped' : 'waiting' };
  });
}

const awayError = {
  errorCode: 'AGENT_OFFLINE',
  errorMessage: 'The agent went away in the middle. Its own job tells how it ended once the agent is back.',
} as const;

function stateOf({ state }: Part): TargetState {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled' ? state : 'interrupted';
}

function codeOf(text: string | null): ErrorCode | null {
  if (text === null) return null;
  return isErrorCode(text) ? text : 'INTERNAL';
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}

import type { GitSource, Job } from '@serverkit/prisma/generated/client/client.ts';
import * as z from 'zod';
import { isServerKitError, type ErrorCode } from '../errors.ts';
import { stackSync } from './jobs.ts';

/** What may go well the next time, as nobody has to change anything for it. */
const passing: ReadonlySet<string> = new Set<ErrorCode>([
  'AGENT_OFFLINE',
  'AGENT_TIMEOUT',
  'CONFLICT',
  'DOCKER_UNAVAILABLE',
  'GIT_ERROR',
  'OUTCOME_UNKNOWN',
  'TOO_MANY_OPERATIONS',
  'UNAVAILABLE',
]);

const firstPauseMs = 60_000;
const longestPauseMs = 60 * 60_000;

/** What becomes of a source. */
type News = Partial<Omit<GitSource, 'id'>>;

/** All is well. */
export const mended = { failure: null, failures: 0, retryAt: null } as const satisfies News;

/** Until it is tried again after so many failures in a row, 1 or more. Milliseconds. */
function pauseAfter(failures: number): number {
  return Math.min(firstPauseMs * 2 ** Math.min(failures - 1, 20), longestPauseMs);
}

/** A failure after which it is left alone for a while, and looked at again. */
function failed(
  { failures }: Pick<GitSource, 'failures'>,
  { code, message, at }: { readonly code: string | null; readonly message: string; readonly at: Date },
): News {
  // To look for an agent that is away costs nobody anything.
  const away = code === 'AGENT_OFFLINE';
  const pauseMs = away ? firstPauseMs : pauseAfter(failures + 1);
  return {
    failure: message,
    failures: away ? failures : failures + 1,
    retryAt: new Date(at.getTime() + pauseMs),
    wanted: true,
  };
}

/** What is to be remembered where a repository could not be asked, or nothing could be begun. */
export function notBegun(row: Pick<GitSource, 'failures'>, error: unknown, at: Date): News {
  return isServerKitError(error)
    ? failed(row, { code: error.code, message: error.message, at })
    : failed(row, { code: null, message: 'Something went wrong here; the log has more.', at });
}

/** Of a deployment's own parameters. */
const startedWith = z.object({ commit: z.string(), byItself: z.boolean().default(false) });

const unknownEnd = 'The last deployment did not come to an end.';

/** What the end of a deployment says of its source. */
export function endOf(row: Pick<GitSource, 'failures'>, job: Job): News {
  const { state, result, errorCode: code, errorMessage, finishedAt, parameters } = job;
  const done = stackSync.result.safeParse(result);
  if (state === 'succeeded' && done.success && 'commit' in done.data) {
    return { ...mended, commit: String(done.data.commit), failedCommit: null };
  }
  const failure = errorMessage ?? unknownEnd;
  const { commit, byItself } = startedWith.safeParse(parameters).data ?? {};
  if (commit === undefined) return { failure };
  // What somebody ended is not begun again behind their back.
  const mayPass = state === 'interrupted' || (state === 'failed' && passing.has(code ?? ''));
  if (!mayPass) return { ...mended, failure, failedCommit: commit };
  // Somebody deployed it by hand, and sees that it failed.
  if (byItself !== true) return { failure };
  return failed(row, {
    code: state === 'interrupted' ? 'OUTCOME_UNKNOWN' : code,
    message: failure,
    at: finishedAt ?? new Date(),
  });
}

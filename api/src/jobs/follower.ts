import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import * as z from 'zod';
import { jobEntryBytes } from '@serverkit/wire/credits.ts';
import { isAgentErrorCode } from '@serverkit/wire/errors.ts';
import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import { isAgentScope } from '@serverkit/wire/scopes.ts';
import { fromAgent, presentable, protocolError } from '../agents/agent-errors.ts';
import type { AgentLink, AgentStream } from '../agents/link.ts';
import { storedActor } from '../audit/actor.ts';
import { ServerKitError } from '../errors.ts';
import type { AgentJobEventsSubscription, JobFieldsFragment } from '../generated/agent/graphql.ts';
import { kindOf } from './kinds.ts';
import { AgentJobDocument, AgentJobEventsDocument, CancelAgentJobDocument } from './operations.ts';
import { ProgressBoard } from './progress.ts';
import type { JobEnd, JobRecords } from './records.ts';

/** Of a link what jobs need. */
export type JobLink = Pick<AgentLink, 'serverId' | 'closed' | 'run' | 'subscribe'>;

type Batch = AgentJobEventsSubscription['jobEvents'];

/** An agent that keeps to its window never has this much wait here: {@link weightOf}, in bytes. */
const maxHeld = 16 * bulkWindowBytes;
/** What a batch takes in memory beside what it holds. Bytes. */
const batchBytes = 512;
/** Of the JSON of any result that a kind promises. Characters. */
const longestResult = 512 * 1024;
const longestLine = 8 * 1024;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

export interface FollowerOptions {
  readonly records: JobRecords;
  readonly log: Logger;
  /** It is in the database. */
  readonly changed: (job: Job, ended: boolean) => void;
}

/**
 * Keeps the database level with what agents say of their jobs: one subscription for each, from the newest line that is
 * stored, with credit for more only once what came is stored.
 */
export class JobFollower {
  readonly #options: FollowerOptions;
  /** By job; each on the link it is followed over. */
  readonly #followed = new Map<string, JobLink>();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Follows a job to its end or the link's; a failure on the way is tried again. Never throws. */
  async follow(link: JobLink, id: string): Promise<void> {
    if (this.#followed.get(id) === link) return;
    this.#followed.set(id, link);
    try {
      for (
        let pauseMs = firstPauseMs;
        !link.closed.aborted;
        pauseMs = Math.min(2 * pauseMs, longestPauseMs)
      ) {
        try {
          if (await this.#attempt(link, id)) return;
        } catch (error) {
          if (link.closed.aborted) return;
          this.#options.log.warn({ err: error, jobId: id, serverId: link.serverId }, 'a job is not followed');
        }
        await pause(pauseMs, link.closed);
      }
    } finally {
      if (this.#followed.get(id) === link) this.#followed.delete(id);
    }
  }

  /**
   * Tells the agent that the job is not wanted any more. Where it does not answer, it is told again for as long as the link
   * lives and the job has not ended; who follows it over the next link says it there. Never throws.
   */
  async cancel(link: JobLink, job: Job): Promise<void> {
    if (!(await this.#toldToEnd(link, job))) void this.#insist(link, job);
  }

  async #insist(link: JobLink, job: Job): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      await pause(pauseMs, link.closed);
      if (link.closed.aborted || (await this.#toldToEnd(link, job))) return;
    }
  }

  /** @returns whether there is no more to say */
  async #toldToEnd(link: JobLink, job: Job): Promise<boolean> {
    const { records, log } = this.#options;
    try {
      const now = await records.find(job.id);
      if (now && !now.finishedAt) await link.run(CancelAgentJobDocument, { id: job.id }, callOf(job));
      return true;
    } catch (error) {
      log.debug({ err: error, jobId: job.id }, 'the agent was not told that a job is to end');
      return false;
    }
  }

  /** @returns whether there is nothing more to follow */
  async #attempt(link: JobLink, id: string): Promise<boolean> {
    const { records } = this.#options;
    const job = await records.find(id);
    if (!job || job.finishedAt) return true;
    // It may have been asked for while the agent was away, or before it had begun.
    if (job.cancelAskedAt) void this.cancel(link, job);
    const failure = await this.#stream(link, job);
    if (!failure) return true;
    if (link.closed.aborted) return false;
    const { job: told } = await link.run(AgentJobDocument, { id }, callOf(job));
    if (!told) return this.#lost(job);
    // Its lines cannot be had, and its end can.
    if (told.state !== 'RUNNING') return this.#end(job, endOf(job, told));
    throw failure;
  }

  /** @returns what was in the way, undefined once the job's end is stored @throws when the database fails */
  async #stream(link: JobLink, job: Job): Promise<ServerKitError | undefined> {
    const board = new ProgressBoard();
    const { promise, resolve } = Promise.withResolvers<ServerKitError | undefined>();
    let held = 0;
    let last: JobFieldsFragment | undefined;
    let cursor = job.cursor;
    let stored: Promise<void> = Promise.resolve();
    const store = async (batch: Batch, stream: AgentStream): Promise<void> => {
      board.take(batch.progress);
      await this.#store(job, batch, board);
      held -= weightOf(batch);
      stream.grant(costOf(batch));
    };
    const stream = link.subscribe(
      AgentJobEventsDocument,
      { id: job.id, after: cursor, windowBytes: bulkWindowBytes },
      callOf(job),
      {
        next: ({ jobEvents: batch }) => {
          held += weightOf(batch);
          if (held > maxHeld) throw protocolError('more of a job than it was asked for');
          for (const { seq } of batch.lines) {
            if (seq <= cursor) throw protocolError('lines of a job out of order');
            cursor = seq;
          }
          last = batch.job;
          stored = stored.then(() => store(batch, stream));
          // What cannot be stored is told again, from what is stored, when the failure is looked at below.
          stored.catch(() => {
            stream.stop();
            resolve(undefined);
          });
        },
        end: resolve,
      },
    );
    const ended = await promise;
    await stored;
    if (ended) return ended;
    if (!last || last.state === 'RUNNING') return protocolError('a job ended without an end');
    await this.#end(job, endOf(job, last));
    return undefined;
  }

  async #store(job: Job, { lines, job: told }: Batch, board: ProgressBoard): Promise<void> {
    await this.#options.records.note(job.id, {
      lines: lines.map(({ seq, at, stream, text }) => ({
        seq,
        at: Math.min(Math.max(at, 0), latest),
        stream,
        text: text.slice(0, longestLine),
      })),
      progress: board.all(),
      step: told.step === null ? null : presentable(told.step),
    });
    this.#options.changed(job, false);
  }

  /** The agent does not know it: it never heard of it, or lost what it knew. */
  async #lost(job: Job): Promise<boolean> {
    if (job.state === 'pending') {
      const message = 'The link broke before the agent began; nothing was done. Try again.';
      return this.#end(job, { state: 'failed', result: null, error: { code: 'AGENT_OFFLINE', message } });
    }
    const message =
      'The agent knows nothing of it any more, so how it ended cannot be told. Look at the server.';
    return this.#end(job, {
      state: 'interrupted',
      result: null,
      error: { code: 'OUTCOME_UNKNOWN', message },
    });
  }

  async #end(job: Job, end: JobEnd): Promise<true> {
    if (await this.#options.records.end(job, end)) this.#options.changed(job, true);
    return true;
  }
}

/** The last millisecond that both JavaScript and PostgreSQL know. */
const latest = 8.64e15;

function callOf(job: Job) {
  const actor = storedActor(job.actor);
  return {
    actor: actor && 'id' in actor ? actor.id : 'system',
    scopes: isAgentScope(job.scope) ? [job.scope] : [],
  };
}

/** What the agent spent on a batch; see jobEntryBytes. */
function costOf({ lines, progress }: Batch): number {
  const said = lines.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  return said + (lines.length + progress.length) * jobEntryBytes;
}

/** What a batch takes in memory, which an agent of ours is not charged for all of. Bytes, about. */
export function weightOf({ lines, progress, job }: Batch): number {
  const texts = [
    ...lines.map(({ text }) => text),
    ...progress.flatMap(({ item, status }) => [item, status]),
    ...[job.result, job.step, job.errorMessage].map((text) => text ?? ''),
  ];
  const said = texts.reduce((sum, text) => sum + 2 * text.length, 0);
  return said + batchBytes + (lines.length + progress.length) * jobEntryBytes;
}

/** What an agent tells of a job that the one before it was ended in the middle of, once it has undone it. */
const aftermath = z.object({ now: z.string() });

/** How a job ended, by what its agent tells. */
export function endOf(job: Pick<Job, 'kind'>, told: JobFieldsFragment): JobEnd {
  switch (told.state) {
    case 'SUCCEEDED':
      return succeeded(job, told.result);
    case 'CANCELLED':
      return {
        state: 'cancelled',
        result: null,
        error: { code: 'CANCELLED', message: 'It was cancelled; part of it may have been done.' },
      };
    case 'FAILED':
      return { state: 'failed', result: null, error: failureOf(told) };
    case 'INTERRUPTED':
    default: {
      const now = aftermath.safeParse(parsed(told.result)).data?.now;
      const message = now
        ? `The agent ended in the middle of it. ${presentable(now)}`
        : kindOf(job.kind)?.undone
          ? 'The agent ended in the middle of it. As soon as it is back it has what ran before run again; where somebody has done anything since, or it cannot, all stays as it is, and its log says what there is.'
          : 'The agent ended in the middle of it, so part of it may have been done. Look at the server.';
      return { state: 'interrupted', result: null, error: { code: 'OUTCOME_UNKNOWN', message } };
    }
  }
}

function succeeded(job: Pick<Job, 'kind'>, result: string | null): JobEnd {
  const answered = kindOf(job.kind)?.result.safeParse(parsed(result));
  if (answered && !answered.success) {
    const { code, message } = protocolError('the result of a job is not what its kind promises');
    return { state: 'failed', result: null, error: { code, message } };
  }
  return { state: 'succeeded', result: answered?.data ?? null, error: null };
}

function parsed(text: string | null): unknown {
  if (text !== null && text.length > longestResult) return undefined;
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return value;
  } catch {
    return undefined;
  }
}

function failureOf({ errorCode, errorMessage }: JobFieldsFragment): JobEnd['error'] {
  const message = errorMessage ?? 'The agent could not carry it out; its log on the server says why.';
  const error = isAgentErrorCode(errorCode)
    ? fromAgent([{ message, extensions: { code: errorCode } }])
    : new ServerKitError('AGENT_FAILED', presentable(message));
  return { code: error.code, message: error.message };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done, { once: true });
  });
}

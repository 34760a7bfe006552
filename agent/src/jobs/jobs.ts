import { jobEntryBytes } from '@serverkit/wire/credits.ts';
import type { CreditWindow } from '../context.ts';
import { AgentError, describe, systemCode } from '../errors.ts';
import type { Log } from '../log.ts';
import { source, type Source } from '../source.ts';
import { JobEntry, wasInterrupted, type JobPatience } from './entry.ts';
import { isEnded, type Job, type JobStart } from './job.ts';
import { JobRecords } from './records.ts';
import type { JobBatch, JobService } from './service.ts';

/** At work at once. */
const MAX_RUNNING = 32;
/** What ended is remembered for so long, as in the journal. Ms. */
const RETENTION = 24 * 60 * 60 * 1000;
/** And no more than the newest of it: at most 800 MB of lines, were all of them floods. */
const MAX_ENDED = 200;
/** Changes are gathered for so long before they are told. Ms. */
const GATHER = 100;

/** The id is a folder's name. */
const idShape = /^[a-z0-9_]{1,64}$/;

/** A large image over a slow line takes hours; a stack that goes back to what ran, minutes. Ms. */
const PATIENCE: JobPatience = { longestMs: 12 * 60 * 60 * 1000, endingMs: 15 * 60 * 1000 };

export interface JobsOptions {
  readonly folder: string;
  readonly log: Log;
  /** Wall clock in ms, replaced in tests. */
  readonly now?: () => number;
  /** @default 12 hours, and 15 minutes to end */
  readonly patience?: JobPatience;
}

/**
 * Opens the jobs of this host. Those that were at work when the agent ended are interrupted.
 *
 * @throws the file system's error when the folder cannot be used
 */
export function openJobs({ folder, log, now = Date.now, patience = PATIENCE }: JobsOptions): JobService {
  const records = new JobRecords(folder, log);
  const tools = { records, log, ...patience };
  const entries = new Map<string, JobEntry>();

  for (const job of records.load().toSorted((a, b) => a.startedAt - b.startedAt)) {
    entries.set(job.id, new JobEntry(isEnded(job) ? job : interrupted(job), tools));
  }
  forget();

  function interrupted(job: Job): Job {
    const lines = new JobEntry(job, tools).lines(0);
    let lastLine = 0;
    for (let read = lines(); read.length > 0; read = lines()) lastLine = read.at(-1)?.seq ?? lastLine;
    const ended: Job = {
      ...job,
      state: 'INTERRUPTED',
      finishedAt: now(),
      errorCode: null,
      errorMessage: `${wasInterrupted}, so part of it may have been done.`,
      lastLine,
    };
    records.write(ended);
    return ended;
  }

  function forget(): void {
    const ended = [...entries.values()].map(({ job }) => job).filter(isEnded);
    const surplus = ended.length - MAX_ENDED;
    for (const [index, { id, finishedAt }] of ended.entries()) {
      if (index >= surplus && now() - (finishedAt ?? 0) <= RETENTION) continue;
      entries.delete(id);
      records.remove(id);
    }
  }

  function begin(start: JobStart): JobEntry {
    const { id, kind, target, scope, actor } = start;
    if (!idShape.test(id)) throw new AgentError('INPUT_INVALID', 'This is not the id of a job.');
    const running = [...entries.values()].filter(({ job }) => !isEnded(job));
    if (running.length >= MAX_RUNNING) {
      throw new AgentError(
        'TOO_MANY_OPERATIONS',
        `${MAX_RUNNING} jobs are at work on this server; try again when one has ended.`,
      );
    }
    const job: Job = {
      id,
      kind,
      target,
      scope,
      actor,
      state: 'RUNNING',
      step: null,
      progress: [],
      startedAt: now(),
      finishedAt: null,
      errorCode: null,
      errorMessage: null,
      result: null,
      lastLine: 0,
    };
    write(job);
    const entry = new JobEntry(job, tools);
    entries.set(id, entry);
    void entry.work(start).then(forget);
    return entry;
  }

  /** @throws AgentError when the disk does not take it: then nothing may be done */
  function write(job: Job): void {
    try {
      records.write(job);
    } catch (error) {
      const code = systemCode(error) ?? 'unknown';
      log.error('the begin of a job could not be written down', { job: job.id, reason: describe(error) });
      throw new AgentError(
        'AGENT_INTERNAL',
        `Nothing was done: the agent cannot write down what it is about to do (${code}).`,
        error,
      );
    }
  }

  return {
    start(start) {
      const known = entries.get(start.id);
      const same = (['kind', 'scope', 'target', 'actor'] as const).every(
        (key) => known?.job[key] === start[key],
      );
      if (known && !same) {
        throw new AgentError('CONFLICT', 'There is another job with this id.');
      }
      return (known ?? begin(start)).current();
    },
    get: (id) => entries.get(id)?.current(),
    cancel(id) {
      const entry = entries.get(id);
      entry?.cancel();
      return entry?.current();
    },
    settle(id, aftermath) {
      const entry = entries.get(id);
      if (entry?.job.state === 'INTERRUPTED') void entry.settle(aftermath).then(forget);
    },
    follow(id, after, credits, signal) {
      const entry = entries.get(id);
      if (!entry) throw new AgentError('NOT_FOUND', 'This agent knows no such job.');
      return follow(entry, after, credits, signal);
    },
    close() {
      for (const entry of entries.values()) if (!isEnded(entry.job)) entry.leave();
    },
  };
}

function follow(entry: JobEntry, after: number, credits: CreditWindow, outer: AbortSignal): Source<JobBatch> {
  return source<JobBatch>(outer, async ({ push, signal }) => {
    const next = entry.lines(after);
    let version = 0;
    for (let first = true; ; first = false) {
      // Before anything is read: what is said meanwhile wakes us.
      const changed = entry.changes.wait(signal);
      const ended = isEnded(entry.job);
      const lines = next();
      const progress = entry.progressAfter(version);
      ({ version } = progress);
      if (first || lines.length > 0 || progress.items.length > 0 || ended) {
        const batch = { lines, progress: progress.items, job: entry.current() };
        await credits.take(costOf(batch));
        await push(batch);
      }
      if (lines.length > 0) continue;
      if (ended) return;
      await changed;
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, GATHER));
    }
  });
}

/** What a batch spends of its reader's credit. Bytes. */
function costOf({ lines, progress }: JobBatch): number {
  const said = lines.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  return said + (lines.length + progress.length) * jobEntryBytes;
}

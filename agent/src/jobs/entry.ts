import { AgentError, describe, unexpected } from '../errors.ts';
import type { Log } from '../log.ts';
import { Notifier } from '../notifier.ts';
import {
  AgentStops,
  type Aftermath,
  type Job,
  type JobHandle,
  type JobLine,
  type JobProgress,
  type JobResult,
  type JobStart,
  type LineStream,
} from './job.ts';
import type { JobRecords } from './records.ts';
import { Spool } from './spool.ts';

/** Of one line, in UTF-16 units. */
const MAX_LINE = 4096;
/** Of names, states and errors. */
const MAX_TEXT = 500;
/** More parts of a job than anybody looks at. */
const MAX_ITEMS = 500;
const MAX_RESULT_BYTES = 64 * 1024;
/** Shorter values would blank half of what is said. */
const MIN_SECRET = 4;

export const wasInterrupted = 'The agent ended in the middle of it';

/** What holds one of the few places for work must come to an end. */
export interface JobPatience {
  /** After which it is asked to end. Ms. */
  readonly longestMs: number;
  /** What it may take to end once it was asked: a roll-back takes its time. Ms. */
  readonly endingMs: number;
}

interface Tools extends JobPatience {
  readonly records: JobRecords;
  readonly log: Log;
}

/** One job of this agent, at work or ended. */
export class JobEntry {
  readonly changes = new Notifier();
  readonly #spool: Spool;
  readonly #records: JobRecords;
  readonly #log: Log;
  readonly #patience: JobPatience;
  readonly #controller = new AbortController();
  /** The newest word on each item, with when it was said. */
  readonly #progress = new Map<string, { readonly version: number; readonly said: JobProgress }>();
  #job: Job;
  #version = 0;
  #secrets: readonly string[] = [];
  #cancelled = false;
  #overdue = false;
  #settling = false;

  constructor(job: Job, { records, log, ...patience }: Tools) {
    this.#job = job;
    this.#patience = patience;
    this.#records = records;
    this.#log = log;
    this.#spool = new Spool(records.linesFile(job.id), {
      log,
      last: job.lastLine,
      changed: () => this.changes.notify(),
    });
  }

  get job(): Job {
    return this.#job;
  }

  /** As it is now, with how far its parts are. */
  current(): Job {
    return { ...this.#job, progress: this.progressAfter(0).items, lastLine: this.#spool.last };
  }

  /** What was said of items since `version`. */
  progressAfter(version: number): { readonly version: number; readonly items: JobProgress[] } {
    const items = [...this.#progress.values()].flatMap((entry) =>
      entry.version > version ? [entry.said] : [],
    );
    return { version: this.#version, items };
  }

  /** The lines that are kept, from after a line on. */
  lines(after: number): () => JobLine[] {
    const place = this.#spool.begin();
    return () => this.#spool.read(place, after);
  }

  /** Does the work, to its end. Never throws. */
  async work({ run, secrets = [] }: Pick<JobStart, 'run' | 'secrets'>): Promise<void> {
    this.#hide(secrets);
    const limit = this.#limit();
    try {
      const result = await Promise.race([run(this.#handle()), limit.reached]);
      // What was done before the cancellation came was done.
      this.#end({ state: 'SUCCEEDED', result: result ? this.#checked(result) : null });
    } catch (error) {
      // The agent is stopping: the next one finds the job unfinished, and says so.
      if (this.#controller.signal.aborted && !this.#cancelled && !this.#overdue) return;
      if (this.#overdue) {
        const hours = Math.round(this.#patience.longestMs / 3_600_000);
        const errorMessage = `It was ended, as it had not come to an end within ${hours} hours.`;
        this.#end({ state: 'FAILED', errorCode: 'CANCELLED', errorMessage });
        return;
      }
      if (this.#cancelled) {
        this.#end({ state: 'CANCELLED', errorCode: 'CANCELLED', errorMessage: 'It was cancelled.' });
        return;
      }
      const known = error instanceof AgentError ? error : undefined;
      if (!known)
        this.#log.error('a job failed unexpectedly', { job: this.#job.id, reason: describe(error) });
      this.#end({
        state: 'FAILED',
        errorCode: known?.code ?? 'AGENT_INTERNAL',
        errorMessage: this.#fit(known?.message ?? unexpected(error)),
      });
    } finally {
      limit.end();
      this.#secrets = [];
    }
  }

  /** At work again, for those who look, until it is known what there is of what it had begun. Never throws. */
  async settle(aftermath: Promise<Aftermath>): Promise<void> {
    this.#settling = true;
    this.#job = { ...this.#job, state: 'RUNNING', finishedAt: null, errorMessage: null };
    try {
      // Should this agent end as well, the next one finds it so.
      this.#records.write(this.#job);
    } catch (error) {
      this.#log.warn('a job cannot be written down', { job: this.#job.id, reason: describe(error) });
    }
    const handle = this.#handle();
    handle.step('Put back');
    const { promise: late, resolve } = Promise.withResolvers<Aftermath>();
    // Such as while there is no engine.
    const now = 'It is still to be put back; the log of the agent says when that is done.';
    const limit = setTimeout(() => resolve({ now }), this.#patience.endingMs).unref();
    const { now: words, secrets = [] } = await Promise.race([aftermath, late]);
    clearTimeout(limit);
    if (this.#controller.signal.aborted) return;
    this.#hide(secrets);
    handle.line(words);
    this.#end({
      state: 'INTERRUPTED',
      errorMessage: this.#fit(`${wasInterrupted}. ${words}`),
      result: { now: this.#fit(words) },
    });
    this.#secrets = [];
  }

  /** Asks the work to end when it takes too long, and gives up on work that does not end when it was asked to. */
  #limit(): { readonly reached: Promise<never>; readonly end: () => void } {
    const { longestMs, endingMs } = this.#patience;
    const { promise: reached, reject } = Promise.withResolvers<never>();
    // Whoever is not waited for any more has nobody to tell.
    reached.catch(() => undefined);
    let ending: NodeJS.Timeout | undefined;
    const asked = (): void => {
      ending = setTimeout(() => {
        this.#log.error('a job does not end, and is given up', { job: this.#job.id });
        reject(new Error('it does not end'));
      }, endingMs).unref();
    };
    const longest = setTimeout(() => {
      if (this.#controller.signal.aborted) return;
      this.#overdue = true;
      this.#controller.abort();
    }, longestMs).unref();
    this.#controller.signal.addEventListener('abort', asked, { once: true });
    return {
      reached,
      end: () => {
        this.#controller.signal.removeEventListener('abort', asked);
        clearTimeout(longest);
        clearTimeout(ending);
      },
    };
  }

  cancel(): void {
    // What is put back is not left halfway.
    if (this.#job.state !== 'RUNNING' || this.#cancelled || this.#settling) return;
    this.#cancelled = true;
    this.#controller.abort();
  }

  /** The agent stops: the work is left where it is. */
  leave(): void {
    this.#controller.abort(new AgentStops());
    this.#spool.close();
  }

  #handle(): JobHandle {
    return {
      id: this.#job.id,
      actor: this.#job.actor,
      signal: this.#controller.signal,
      line: (text, stream = 'STDOUT') => {
        for (const line of text.split('\n')) this.#say(line.replace(/\r$/, ''), stream);
      },
      step: (name) => {
        this.#job = { ...this.#job, step: this.#fit(name) };
        this.#say(name, 'STEP');
      },
      progress: ({ item, status, current = null, total = null, unit = null }) => {
        const key = this.#fit(item);
        if (!this.#progress.has(key) && this.#progress.size >= MAX_ITEMS) return;
        this.#version += 1;
        const said = { item: key, status: this.#fit(status), current, total, unit };
        this.#progress.set(key, { version: this.#version, said });
        this.changes.notify();
      },
      ready: () => this.#spool.ready(),
      hide: (secrets) => this.#hide(secrets),
    };
  }

  #hide(secrets: readonly string[]): void {
    const hidden = new Set([
      ...this.#secrets,
      // What is said comes line by line.
      ...secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/)]),
    ]);
    // The longest first: one that begins like another would leave the rest of it behind.
    this.#secrets = [...hidden]
      .filter((secret) => secret.length >= MIN_SECRET)
      .toSorted((one, other) => other.length - one.length);
  }

  #say(text: string, stream: LineStream): void {
    // It was given up.
    if (this.#job.state !== 'RUNNING') return;
    const blanked = this.#blank(text);
    const line = blanked.length > MAX_LINE ? `${blanked.slice(0, MAX_LINE - 1)}…` : blanked;
    this.#spool.add(line.toWellFormed(), stream, Date.now());
  }

  #blank(text: string): string {
    return this.#secrets.reduce((blanked, secret) => blanked.replaceAll(secret, '•••'), text);
  }

  #fit(text: string): string {
    const blanked = this.#blank(text);
    return (blanked.length > MAX_TEXT ? `${blanked.slice(0, MAX_TEXT - 1)}…` : blanked).toWellFormed();
  }

  #checked(result: JobResult): JobResult {
    const text = JSON.stringify(result, (_key, value: unknown) =>
      typeof value === 'string' ? this.#blank(value) : value,
    );
    if (Buffer.byteLength(text) > MAX_RESULT_BYTES) {
      throw new AgentError('RESULT_TOO_LARGE', 'It was done, and its result is too large to be told.');
    }
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  }

  #end(end: Pick<Job, 'state'> & Partial<Pick<Job, 'errorCode' | 'errorMessage' | 'result'>>): void {
    this.#spool.close();
    this.#job = { ...this.current(), ...end, finishedAt: Date.now() };
    try {
      this.#records.write({ ...this.#job, progress: [] });
    } catch (error) {
      // It is known as long as this process lives, and as interrupted afterwards.
      this.#log.error('the end of a job could not be written down', {
        job: this.#job.id,
        reason: describe(error),
      });
    }
    this.changes.notify();
  }
}

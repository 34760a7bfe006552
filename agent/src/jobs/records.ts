import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isAgentErrorCode } from '@serverkit/wire/errors.ts';
import { isAgentScope } from '@serverkit/wire/scopes.ts';
import { describe } from '../errors.ts';
import { readIfThere, removeUnfinished, writeWhole } from '../files.ts';
import type { Log } from '../log.ts';
import type { Job, JobState } from './job.ts';

/** What a job's record is called in the job's own folder, and its lines. */
const RECORD = 'job.json';
const LINES = 'lines.jsonl';

const states: readonly JobState[] = ['RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'INTERRUPTED'];

/** The records of jobs on the disk: `<folder>/<id>/job.json`, written when a job begins and when it ends. */
export class JobRecords {
  readonly #folder: string;
  readonly #log: Log;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  linesFile(id: string): string {
    return path.join(this.#folder, id, LINES);
  }

  /** Those that can be read. @throws the file system's error when the folder cannot be used */
  load(): Job[] {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    return readdirSync(this.#folder).flatMap((id) => {
      try {
        const file = this.#file(id);
        removeUnfinished([file]);
        return jobOf(id, JSON.parse(readIfThere(file) ?? 'null')) ?? [];
      } catch (error) {
        this.#log.warn('the record of a job cannot be read', { job: id, reason: describe(error) });
        return [];
      }
    });
  }

  /** On the disk when this returns. @throws the file system's error */
  write(job: Job): void {
    writeWhole(this.#file(job.id), JSON.stringify(job), 0o600);
  }

  remove(id: string): void {
    rmSync(path.join(this.#folder, id), { recursive: true, force: true });
  }

  #file(id: string): string {
    return path.join(this.#folder, id, RECORD);
  }
}

function jobOf(id: string, value: unknown): Job | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const record: Partial<Record<keyof Job, unknown>> = value;
  const { kind, target, scope, actor, startedAt, result } = record;
  const state = states.find((known) => known === record.state);
  if (record.id !== id || !state || typeof startedAt !== 'number') return undefined;
  if (typeof kind !== 'string' || typeof target !== 'string' || typeof actor !== 'string') return undefined;
  if (typeof scope !== 'string' || !isAgentScope(scope)) return undefined;
  return {
    id,
    kind,
    target,
    scope,
    actor,
    state,
    step: null,
    progress: [],
    startedAt,
    finishedAt: typeof record.finishedAt === 'number' ? record.finishedAt : null,
    errorCode: isAgentErrorCode(record.errorCode) ? record.errorCode : null,
    errorMessage: typeof record.errorMessage === 'string' ? record.errorMessage : null,
    result: typeof result === 'object' && result !== null ? { ...result } : null,
    lastLine: typeof record.lastLine === 'number' ? record.lastLine : 0,
  };
}

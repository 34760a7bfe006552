import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import type { JobProgress } from '../jobs/progress.ts';
import type { JobEnd } from '../jobs/records.ts';
import { ServerKitError } from '../errors.ts';
import { Bell } from './bell.ts';
import type { Pace } from './order.ts';
import { targetsOf } from './targets.ts';
import { endOf, turnOf, type Target, type TargetState } from './turn.ts';

/** One on many servers as it is in the database. */
export interface Standing {
  readonly job: Job;
  readonly parts: readonly Job[];
  /** Null when what is to be done cannot be read any more. */
  readonly pace: Pace | null;
  /** Names of the servers that exist. */
  readonly names: ReadonlyMap<string, string>;
}

/** What a rollout is conducted with; tests give their own. */
export interface Stage {
  read(): Promise<Standing | null>;
  /** Begins on one server; settles once it is on record. @throws ServerKitError when it certainly did not begin */
  begin(serverId: string): Promise<unknown>;
  cancel(part: Job): Promise<unknown>;
  tell(job: Job, progress: readonly JobProgress[]): Promise<void>;
  end(job: Job, end: JobEnd): Promise<void>;
  isLinked(serverId: string): boolean;
  /** How long an agent may be away before the others no longer wait for it. Milliseconds. */
  readonly patienceMs: number;
  readonly log: Logger;
}

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/**
 * One on many servers, conducted to its end. All that matters stands in the database before it is done, and each look
 * begins there: it goes on after a restart as if there had been none, and begins nothing twice.
 */
export class Rollout {
  /** Something happened: look again. */
  readonly bell = new Bell();
  readonly #stage: Stage;
  readonly #beginning = new Set<string>();
  readonly #refused = new Map<string, ServerKitError>();
  /** Since when an agent is away whose part has not ended. */
  readonly #awaySince = new Map<string, number>();
  readonly #asked = new Set<string>();
  #told = '';

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Resolves once it has ended, or the signal aborts. What fails on the way is tried again. Never throws. */
  async conduct(signal: AbortSignal): Promise<void> {
    const leave = (): void => this.bell.ring();
    signal.addEventListener('abort', leave, { once: true });
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      try {
        const waitMs = await this.#look();
        if (waitMs === null) break;
        pauseMs = firstPauseMs;
        await this.bell.rung(waitMs);
      } catch (error) {
        this.#stage.log.warn({ err: error }, 'work on many servers is not conducted');
        await this.bell.rung(pauseMs);
        pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      }
    }
    signal.removeEventListener('abort', leave);
  }

  /** @returns how long to wait until the next look unless something happens, in ms; null when it is over */
  async #look(): Promise<number | null> {
    const standing = await this.#stage.read();
    if (!standing || standing.job.finishedAt) return null;
    const { job, parts, pace, names } = standing;
    const cancelled = job.cancelAskedAt !== null;
    if (cancelled) this.#cancel(parts);
    const { away, waitMs } = this.#absent(parts);
    const around = { names, beginning: this.#beginning, refused: this.#refused, away };
    const targets = targetsOf(job, parts, around);
    const lost = pace === null;
    const turn = turnOf(targets, pace ?? { parallel: 1, onFailure: 'STOP' }, cancelled || lost);
    if (turn.over) {
      await this.#stage.end(job, endOf(targets, { cancelled, lost }));
      return null;
    }
    for (const serverId of turn.begin) this.#begin(serverId);
    await this.#tell(job, targets, new Set(turn.begin));
    return waitMs;
  }

  #begin(serverId: string): void {
    this.#beginning.add(serverId);
    const over = (): void => {
      this.#beginning.delete(serverId);
      this.bell.ring();
    };
    this.#stage.begin(serverId).then(over, (cause: unknown) => {
      // What is on record tells by itself; where nothing is, this is all that is known.
      this.#refused.set(serverId, shown(cause, this.#stage.log));
      over();
    });
  }

  #cancel(parts: readonly Job[]): void {
    for (const part of parts) {
      if (part.finishedAt || part.cancelAskedAt || this.#asked.has(part.id)) continue;
      this.#asked.add(part.id);
      this.#stage.cancel(part).catch((error: unknown) => {
        this.#asked.delete(part.id);
        this.#stage.log.warn({ err: error, jobId: part.id }, 'a part was not asked to end');
      });
    }
  }

  /** Which agents have been away for too long, and when the next will have been. */
  #absent(parts: readonly Job[]): { readonly away: ReadonlySet<string>; readonly waitMs: number } {
    const { patienceMs } = this.#stage;
    const now = Date.now();
    const away = new Set<string>();
    let waitMs = Number.POSITIVE_INFINITY;
    for (const { serverId, finishedAt } of parts) {
      if (serverId === null || finishedAt) continue;
      if (this.#stage.isLinked(serverId)) {
        this.#awaySince.delete(serverId);
        // Nobody tells that a link broke.
        waitMs = Math.min(waitMs, patienceMs);
        continue;
      }
      const since = this.#awaySince.get(serverId) ?? now;
      this.#awaySince.set(serverId, since);
      const left = since + patienceMs - now;
      if (left <= 0) away.add(serverId);
      else waitMs = Math.min(waitMs, left);
    }
    return { away, waitMs };
  }

  async #tell(job: Job, targets: readonly Target[], begun: ReadonlySet<string>): Promise<void> {
    const progress = targets.map(({ serverId, name, state }) =>
      progressOf(name, begun.has(serverId) ? 'running' : state),
    );
    const told = JSON.stringify([progress, targets.map(({ jobId }) => jobId)]);
    if (told === this.#told) return;
    await this.#stage.tell(job, progress);
    this.#told = told;
  }
}

function progressOf(name: string, state: TargetState): JobProgress {
  const done = state === 'waiting' || state === 'running' ? 0 : 1;
  return { item: name, status: state, current: done, total: 1, unit: 'COUNT' };
}

function shown(cause: unknown, log: Logger): ServerKitError {
  if (cause instanceof ServerKitError) return cause;
  log.error({ err: cause }, 'work on one of many servers could not begin');
  return new ServerKitError('INTERNAL', 'The control plane failed; its log says why.', { cause });
}

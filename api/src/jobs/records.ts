import type { Job, Prisma } from '@serverkit/prisma/generated/client/client.ts';
import * as z from 'zod';
import { storedActor, type Actor } from '../audit/actor.ts';
import type { Audit, AuditEntry, AuditTarget } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { storableJson, storableText } from '../database/storable.ts';
import { notFound, ServerKitError, type ErrorCode } from '../errors.ts';
import { errorCode } from '../startup-error.ts';
import type { JobProgress } from './progress.ts';

export type JobState = 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted';

export interface NewJob {
  readonly id: string;
  readonly serverId: string;
  /** The one on many servers that it is a part of. */
  readonly parentId?: string | undefined;
  readonly kind: string;
  readonly scope: string;
  readonly target: AuditTarget;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly actor: Actor;
}

/** One on many servers. */
export interface NewParent extends Omit<NewJob, 'serverId' | 'parentId'> {
  readonly serverIds: readonly string[];
  /** The session or API token on whose behalf. */
  readonly credentialId: string;
  /** What is to be done, encrypted. It is kept until the end. */
  readonly sealed: Uint8Array;
}

export interface NewLine {
  readonly seq: number;
  /** Ms since 1970. */
  readonly at: number;
  readonly stream: string;
  readonly text: string;
}

export interface JobNews {
  readonly lines: readonly NewLine[];
  readonly progress: readonly JobProgress[];
  readonly step: string | null;
}

export interface JobEnd {
  readonly state: Exclude<JobState, 'pending' | 'running'>;
  readonly result: object | null;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
}

/** The newest lines of a job that are kept, and how many may be over it until the oldest are deleted. */
export const keptLines = 10_000;

const targetShape = z.object({ kind: z.string(), id: z.string(), name: z.string().exactOptional() });
const parametersShape = z.record(z.string(), z.unknown());

/** What a job works on, as it was stored. */
export function targetOf({ target, kind }: Pick<Job, 'target' | 'kind'>): AuditTarget {
  return targetShape.safeParse(target).data ?? { kind: kind.split('.', 1)[0] ?? kind, id: '' };
}

const abandoned = {
  code: 'OUTCOME_UNKNOWN',
  message: 'The server was deleted before it ended.',
} as const;

const refusals: ReadonlySet<ErrorCode> = new Set(['AGENT_REFUSED', 'PERMISSION_DENIED']);

/** The end of a job as the audit has it. */
function audited(job: Job, { error }: JobEnd): AuditEntry {
  const parameters = parametersShape.safeParse(job.parameters).data ?? {};
  return {
    actor: storedActor(job.actor) ?? { kind: 'system', label: 'jobs' },
    action: job.kind,
    target: targetOf(job),
    ...(job.serverId !== null && { serverId: job.serverId }),
    ...(error && { outcome: refusals.has(error.code) ? 'refused' : 'failed', code: error.code }),
    parameters: { ...parameters, jobId: job.id, ...(job.parentId !== null && { parentId: job.parentId }) },
    durationMs: Date.now() - job.createdAt.getTime(),
  };
}

/** Jobs in the database. A method is one statement, and so one transaction, unless it is given one. */
export class JobRecords {
  readonly #db: Database;
  readonly #audit: Audit;

  constructor(db: Database, audit: Audit) {
    this.#db = db;
    this.#audit = audit;
  }

  find(id: string): Promise<Job | null> {
    return this.#db.prisma.job.findUnique({ where: { id } });
  }

  /**
   * Nothing is sent before this.
   * @throws ServerKitError NOT_FOUND for a server there is not, CONFLICT for one that has a part of the same whole already
   */
  async begin({ target, parameters, actor, ...job }: NewJob): Promise<void> {
    try {
      await this.#db.pool.query(
        `INSERT INTO "Job" ("id", "serverId", "kind", "scope", "target", "parameters", "actor", "parentId")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          job.id,
          job.serverId,
          job.kind,
          job.scope,
          storableJson(target),
          storableJson(parameters),
          storableJson(actor),
          job.parentId ?? null,
        ],
      );
    } catch (error) {
      // 23503: the foreign key points nowhere.
      if (errorCode(error) === '23503') throw notFound('server', job.serverId);
      // 23505: the key is taken.
      if (errorCode(error) === '23505') {
        throw new ServerKitError('CONFLICT', 'It was begun on this server already.', { cause: error });
      }
      throw error;
    }
  }

  /** The newest of a server since then whose parameters hold these; null when there is none. */
  newestWith(
    serverId: string,
    parameters: Readonly<Record<string, string>>,
    since: Date,
  ): Promise<Job | null> {
    return this.#db.prisma.job.findFirst({
      where: {
        serverId,
        createdAt: { gte: since },
        AND: Object.entries(parameters).map(([key, equals]) => ({ parameters: { path: [key], equals } })),
      },
      orderBy: { createdAt: 'desc' },
    });
  }

  /** One on many servers, which goes on from then: no agent has to say so. */
  async beginParent(job: NewParent): Promise<void> {
    await this.#db.pool.query(
      `WITH job AS (
         INSERT INTO "Job" ("id", "serverIds", "kind", "scope", "target", "parameters", "actor", "state", "startedAt")
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', now()))
       INSERT INTO "JobOrder" ("jobId", "credentialId", "sealed") VALUES ($1, $8, $9)`,
      [
        job.id,
        job.serverIds,
        job.kind,
        job.scope,
        storableJson(job.target),
        storableJson(job.parameters),
        storableJson(job.actor),
        job.credentialId,
        Buffer.from(job.sealed),
      ],
    );
  }

  /** Those on many servers that have not ended. */
  async openParents(): Promise<string[]> {
    const rows = await this.#db.prisma.job.findMany({
      where: { serverId: null, finishedAt: null },
      select: { id: true },
      orderBy: { createdAt: 'asc' },
    });
    return rows.map(({ id }) => id);
  }

  /** One on many servers with its parts so far, and what is to be done; without that when it is not to be begun any more. */
  family(id: string) {
    return this.#db.prisma.job.findUnique({ where: { id }, include: { children: true, order: true } });
  }

  /** The agent has it. */
  async began(id: string): Promise<void> {
    await this.#db.prisma.job.updateMany({
      where: { id, state: 'pending' },
      data: { state: 'running', startedAt: new Date() },
    });
  }

  /** The jobs of a server that have not ended, as far as is known. */
  async open(serverId: string): Promise<string[]> {
    const rows = await this.#db.prisma.job.findMany({
      where: { serverId, state: { in: ['pending', 'running'] } },
      select: { id: true },
      orderBy: { createdAt: 'asc' },
    });
    return rows.map(({ id }) => id);
  }

  /** Puts down what an agent told; a line that is known already is passed over. */
  async note(id: string, { lines, progress, step }: JobNews): Promise<void> {
    await this.#db.pool.query(
      `WITH said AS (
         INSERT INTO "JobLine" ("jobId", "seq", "at", "stream", "text")
         SELECT $1, line.* FROM unnest($2::int[], $3::timestamptz[], $4::text[], $5::text[]) AS line
         ON CONFLICT DO NOTHING)
       UPDATE "Job" SET "state" = 'running', "startedAt" = COALESCE("startedAt", now()), "step" = $6,
         "progress" = $7, "cursor" = GREATEST("cursor", $8)
       WHERE "id" = $1 AND "finishedAt" IS NULL`,
      [
        id,
        lines.map(({ seq }) => seq),
        lines.map(({ at }) => new Date(at)),
        lines.map(({ stream }) => stream),
        lines.map(({ text }) => storableText(text)),
        step,
        storableJson(progress),
        lines.at(-1)?.seq ?? 0,
      ],
    );
    await this.#trim(id, lines);
  }

  async #trim(id: string, lines: readonly NewLine[]): Promise<void> {
    const last = lines.at(-1)?.seq ?? 0;
    if (last <= keptLines) return;
    await this.#db.pool.query(`DELETE FROM "JobLine" WHERE "jobId" = $1 AND "seq" <= $2`, [
      id,
      last - keptLines,
    ]);
  }

  /** The end, with its line in the audit. Of two who tell it, one does. @returns whether this was the one */
  async end(job: Job, { state, result, error }: JobEnd): Promise<boolean> {
    const insertion = this.#audit.insertion(audited(job, { state, result, error }), {
      first: 7,
      where: 'EXISTS (SELECT FROM ended)',
    });
    const { rowCount } = await this.#db.pool.query(
      `WITH ended AS (
         UPDATE "Job" SET "state" = $2, "result" = $3, "errorCode" = $4, "errorMessage" = $5, "finishedAt" = $6
         WHERE "id" = $1 AND "finishedAt" IS NULL RETURNING 1),
       gone AS (DELETE FROM "JobOrder" WHERE "jobId" = $1)
       ${insertion.text}`,
      [
        job.id,
        state,
        result && storableJson(result),
        error?.code ?? null,
        error && storableText(error.message.slice(0, 1000)),
        new Date(),
        ...insertion.values,
      ],
    );
    return rowCount === 1;
  }

  /**
   * Ends what has not ended on a server that goes, in the transaction that deletes it: nobody learns any more what became
   * of it, and that it was asked for stays on record.
   */
  async abandon(tx: Prisma.TransactionClient, serverId: string): Promise<void> {
    const open = { serverId, finishedAt: null };
    // Whoever stores the end of one of these at the same time waits for this transaction, or this for them.
    await tx.job.updateMany({ where: open, data: { state: 'interrupted' } });
    for (const job of await tx.job.findMany({ where: open, orderBy: { createdAt: 'asc' } })) {
      await this.#audit.record(tx, audited(job, { state: 'interrupted', result: null, error: abandoned }));
    }
  }

  /** Notes that somebody wants it to end. @returns false when it has ended already */
  async askToEnd(job: Job, actor: Actor): Promise<boolean> {
    return this.#db.prisma.$transaction(async (tx) => {
      const { count } = await tx.job.updateMany({
        where: { id: job.id, finishedAt: null },
        data: { cancelAskedAt: new Date() },
      });
      if (count === 0) return false;
      const target = { kind: 'job', id: job.id, name: job.kind };
      await this.#audit.record(tx, {
        actor,
        action: 'job.cancel',
        target,
        ...(job.serverId !== null && { serverId: job.serverId }),
      });
      return true;
    });
  }

  /** The lines after one, in order. */
  lines(jobId: string, after: number, first: number) {
    return this.#db.prisma.jobLine.findMany({
      where: { jobId, seq: { gt: after } },
      orderBy: { seq: 'asc' },
      take: first,
    });
  }

  /** Deletes those that ended before then, with their lines. @returns how many */
  async sweep(before: Date): Promise<number> {
    const { count } = await this.#db.prisma.job.deleteMany({ where: { finishedAt: { lt: before } } });
    return count;
  }
}

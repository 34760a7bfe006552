import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import type { Database } from '../database/database.ts';
import type { Actor } from './actor.ts';
import { redact } from './redact.ts';
import { RefusalCounter } from './refusal-counter.ts';

export interface AuditTarget {
  /** A noun of the API: `server`, `container`, `user`, `session`. */
  readonly kind: string;
  readonly id: string;
  /** Its name at the time. */
  readonly name?: string;
}

export interface AuditEntry {
  readonly actor: Actor;
  /** noun.verb, such as `server.create` or `container.stop`. */
  readonly action: string;
  readonly target?: AuditTarget;
  /** The managed server it happened on or is about. */
  readonly serverId?: string;
  /** @default 'ok' */
  readonly outcome?: 'ok' | 'refused' | 'failed';
  /** The error's code unless ok. */
  readonly code?: string;
  /** Secrets are blanked by name on the way in; leave them out all the same. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Milliseconds. */
  readonly durationMs?: number;
}

export type Refusal = Omit<AuditEntry, 'outcome' | 'durationMs'> & { readonly code: string };

export interface Audit {
  /**
   * Puts an event on the record in the transaction of the change it describes, so that neither exists without the
   * other. Outside a transaction pass the client itself.
   */
  record(tx: Pick<Prisma.TransactionClient, 'auditEvent'>, entry: AuditEntry): Promise<void>;
  /**
   * The same as SQL to stand in a statement of one's own, for a change that is made with one statement.
   * @param first - number of the first placeholder that is free
   */
  insertion(entry: AuditEntry, first: number): { readonly text: string; readonly values: readonly unknown[] };
  /**
   * Counts a refusal. The first of its kind is written at once, those that follow within a minute become one row with
   * a count, so that nobody fills the disk by being refused. Never throws, never waits.
   */
  refused(refusal: Refusal): void;
  /** Writes what is still being counted. */
  flush(): Promise<void>;
}

export function createAudit(db: Database, log: Logger): Audit {
  const insert = async (tx: Pick<Prisma.TransactionClient, 'auditEvent'>, entry: AuditEntry, count = 1) => {
    await tx.auditEvent.create({ data: row(entry, count), select: { id: true } });
  };
  const refusals = new RefusalCounter((refusal, count) =>
    insert(db.prisma, { ...refusal, outcome: 'refused' }, count).catch((error: unknown) => {
      log.error(
        { err: error, action: refusal.action, code: refusal.code, count },
        'A refusal could not be put on record',
      );
    }),
  );
  return {
    record: (tx, entry) => insert(tx, entry),
    insertion,
    refused: (refusal) => refusals.add(refusal),
    flush: () => refusals.flush(),
  };
}

function insertion(entry: AuditEntry, first: number): ReturnType<Audit['insertion']> {
  const columns = Object.entries(row(entry, 1));
  const names = columns.map(([name]) => `"${name}"`).join(', ');
  const places = columns.map((_column, index) => `$${first + index}`).join(', ');
  return {
    text: `INSERT INTO "AuditEvent" (${names}) VALUES (${places})`,
    values: columns.map(([, value]) => value),
  };
}

function row(entry: AuditEntry, count: number): Prisma.AuditEventCreateInput {
  const { actor, target } = entry;
  return {
    actorKind: actor.kind,
    actorId: 'id' in actor ? actor.id : null,
    actorLabel: 'label' in actor ? actor.label : '',
    address: 'address' in actor ? actor.address : null,
    action: entry.action,
    targetKind: target?.kind ?? null,
    targetId: target?.id ?? null,
    targetName: target?.name ?? null,
    serverId: entry.serverId ?? (target?.kind === 'server' ? target.id : null),
    outcome: entry.outcome ?? 'ok',
    code: entry.code ?? null,
    parameters: redact(entry.parameters ?? {}),
    count,
    durationMs: entry.durationMs === undefined ? null : Math.round(entry.durationMs),
  };
}

import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import { storableText } from '../database/storable.ts';
import type { Platform } from '../platform.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Actor } from './actor.ts';
import { createMarks, type Marks } from './marks.ts';
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
  /** Of the program that was run, where one was. */
  readonly exitCode?: number;
}

export type Refusal = Omit<AuditEntry, 'outcome' | 'durationMs' | 'exitCode'> & { readonly code: string };

export interface Insertion {
  /** Number of the first placeholder that is free. @default 1 */
  readonly first?: number;
  /** A condition in SQL, for an event that is to be recorded only then. */
  readonly where?: string;
}

export interface Audit {
  /**
   * Puts an event on the record in the transaction of the change it describes, so that neither exists without the
   * other. Outside a transaction pass the client itself.
   */
  record(tx: Pick<Prisma.TransactionClient, 'auditEvent'>, entry: AuditEntry): Promise<void>;
  /**
   * The same as SQL to stand in a statement of one's own, for a change that is made with one statement.
   */
  insertion(
    entry: AuditEntry,
    place?: Insertion,
  ): { readonly text: string; readonly values: readonly unknown[] };
  /**
   * Counts a refusal. The first of its kind is written at once, those that follow within a minute become one row with
   * a count, so that nobody fills the disk by being refused. Never throws, never waits.
   */
  refused(refusal: Refusal): void;
  /** Writes what is still being counted. */
  flush(): Promise<void>;
}

/** What an event is, before the database gives it its id. */
type NewEvent = Prisma.AuditEventCreateInput;

export function createAudit({ db, log, vault }: Pick<Platform, 'db' | 'log' | 'vault'>): Audit {
  const marks = createMarks(vault);
  const insert = async (tx: Pick<Prisma.TransactionClient, 'auditEvent'>, entry: AuditEntry, count = 1) => {
    await tx.auditEvent.create({ data: row(marks, entry, count), select: { id: true } });
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
    insertion: (entry, place = {}) => insertion(row(marks, entry, 1), place),
    refused: (refusal) => refusals.add(refusal),
    flush: () => refusals.flush(),
  };
}

/** SQL that puts an event on the record of a database that no service runs on. */
export function auditInsertion(vault: Vault, entry: AuditEntry): ReturnType<Audit['insertion']> {
  return insertion(row(createMarks(vault), entry, 1), {});
}

function insertion(
  event: NewEvent,
  { first = 1, where = 'true' }: Insertion,
): ReturnType<Audit['insertion']> {
  const columns = Object.entries(event);
  const names = columns.map(([name]) => `"${name}"`).join(', ');
  const places = columns.map((_column, index) => `$${first + index}`).join(', ');
  return {
    text: `INSERT INTO "AuditEvent" (${names}) SELECT ${places} WHERE ${where}`,
    values: columns.map(([, value]) => value),
  };
}

function row(marks: Marks, entry: AuditEntry, count: number): NewEvent {
  const { actor, target } = entry;
  const event = {
    at: new Date(),
    actorKind: actor.kind,
    actorId: 'id' in actor ? actor.id : null,
    actorLabel: 'label' in actor ? storableText(actor.label) : '',
    address: 'address' in actor ? actor.address : null,
    action: entry.action,
    targetKind: target?.kind ?? null,
    // Asked for by somebody, and perhaps of nothing that exists.
    targetId: target ? storableText(target.id) : null,
    targetName: target?.name === undefined ? null : storableText(target.name),
    serverId: entry.serverId ?? (target?.kind === 'server' ? target.id : null),
    outcome: entry.outcome ?? 'ok',
    code: entry.code ?? null,
    parameters: redact(entry.parameters ?? {}),
    count,
    durationMs: entry.durationMs === undefined ? null : Math.round(entry.durationMs),
    exitCode: entry.exitCode ?? null,
  };
  return { ...event, mark: new Uint8Array(marks.make(event)) };
}

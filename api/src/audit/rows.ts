import type pg from 'pg';
import { bytesOf } from './content.ts';
import type { Marks } from './marks.ts';
import type { Checkpoint, CheckpointKind, Link, ProvenCheckpoint, Seals, StoredEvent } from './seals.ts';

/** What marks and seals answer for, with id and mark. */
const columns = [
  'id',
  'at',
  'actorKind',
  'actorId',
  'actorLabel',
  'address',
  'action',
  'targetKind',
  'targetId',
  'targetName',
  'serverId',
  'outcome',
  'code',
  'parameters',
  'count',
  'durationMs',
  'exitCode',
  'mark',
] as const;

/** The columns of an event, for a SELECT. @param table - its alias */
export function eventColumns(table: string): string {
  return columns.map((name) => `${table}."${name}"`).join(', ');
}

/** A row of {@link eventColumns}; the driver gives 64-bit numbers as text. */
export type EventRow = Omit<StoredEvent, 'id'> & { readonly id: string };

export function eventOf(row: EventRow): StoredEvent {
  return { ...row, id: BigInt(row.id) };
}

interface CheckpointRow {
  readonly position: string;
  readonly kind: CheckpointKind;
  readonly mac: Buffer;
  readonly made_at: Date;
  readonly unmarked_to: string | null;
  readonly deleted_until: Date | null;
  readonly proof: Buffer;
}

/** What is known of the chain besides its seals. */
export interface Landmarks {
  /** Those whose proof holds, by position. */
  readonly trusted: readonly ProvenCheckpoint[];
  /** Those that somebody else made or changed. */
  readonly forged: readonly ProvenCheckpoint[];
}

/** Of each kind the newest are enough, and a few more in case that some are forged. */
const newest = 20;

export async function readLandmarks(client: pg.ClientBase, seals: Seals): Promise<Landmarks> {
  const { rows } = await client.query<CheckpointRow>(
    `SELECT c.* FROM unnest(ARRAY ['begin', 'routine', 'retention']) AS wanted,
       LATERAL (SELECT * FROM audit.checkpoints WHERE kind = wanted ORDER BY position DESC LIMIT $1) AS c
     ORDER BY position, made_at`,
    [newest],
  );
  return landmarksOf(rows, seals);
}

/** @param after - positions behind this one, up to and with `upTo` */
export async function readCheckpoints(
  client: pg.ClientBase,
  seals: Seals,
  after: bigint,
  upTo: bigint,
): Promise<Landmarks> {
  const { rows } = await client.query<CheckpointRow>(
    `SELECT * FROM audit.checkpoints
     WHERE kind = ANY (ARRAY ['begin', 'routine', 'retention']) AND position > $1 AND position <= $2
     ORDER BY position, made_at`,
    [after, upTo],
  );
  return landmarksOf(rows, seals);
}

function landmarksOf(rows: readonly CheckpointRow[], seals: Seals): Landmarks {
  const all = rows.map((row): ProvenCheckpoint => ({
    position: BigInt(row.position),
    kind: row.kind,
    mac: row.mac,
    madeAt: row.made_at,
    unmarkedTo: row.unmarked_to === null ? null : BigInt(row.unmarked_to),
    deletedUntil: row.deleted_until,
    proof: row.proof,
  }));
  return {
    trusted: all.filter((checkpoint) => seals.holds(checkpoint)),
    forged: all.filter((checkpoint) => !seals.holds(checkpoint)),
  };
}

export async function writeCheckpoint(
  client: pg.ClientBase,
  seals: Seals,
  checkpoint: Checkpoint,
): Promise<void> {
  const { position, kind, mac, madeAt, unmarkedTo, deletedUntil, proof } = seals.prove(checkpoint);
  await client.query(
    `INSERT INTO audit.checkpoints (position, kind, mac, made_at, unmarked_to, deleted_until, proof)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (kind, position) DO UPDATE SET mac = excluded.mac, made_at = excluded.made_at,
       unmarked_to = excluded.unmarked_to, deleted_until = excluded.deleted_until, proof = excluded.proof`,
    [position, kind, mac, madeAt, unmarkedTo, deletedUntil, proof],
  );
}

/** The last link there is; undefined when nothing was ever sealed. */
export async function readHead(client: pg.ClientBase, { trusted }: Landmarks): Promise<Link | undefined> {
  const { rows } = await client.query<{ position: string; mac: Buffer }>(
    'SELECT position, mac FROM audit.seals ORDER BY position DESC LIMIT 1',
  );
  const [seal] = rows.map(({ position, mac }): Link => ({ position: BigInt(position), mac }));
  const mark = trusted.at(-1);
  if (!seal || !mark) return seal ?? mark;
  return seal.position >= mark.position ? seal : mark;
}

export interface Bounds {
  /** Up to this id rows may be without a mark, while the first of them are still to be sealed. */
  readonly unmarkedTo: bigint | undefined;
  /** From before this moment there should be no rows any more. */
  readonly deletedUntil: Date | undefined;
}

export function boundsOf({ trusted }: Landmarks): Bounds {
  const begin = trusted.find(({ kind }) => kind === 'begin');
  const retention = trusted.findLast(({ kind }) => kind === 'retention');
  return { unmarkedTo: begin?.unmarkedTo ?? undefined, deletedUntil: retention?.deletedUntil ?? undefined };
}

/**
 * Which of these the control plane wrote, each once. What only looks like an event is told by its row; a copy of one by
 * the other row with the same mark: of two, the one that was sealed or came first counts.
 * @returns their ids
 */
export async function genuineAmong(
  client: pg.ClientBase,
  events: readonly StoredEvent[],
  marks: Marks,
  { unmarkedTo, deletedUntil }: Bounds,
): Promise<Set<bigint>> {
  const written = events.filter((event) => {
    if (deletedUntil !== undefined && event.at < deletedUntil) return false;
    if (event.mark === null) return unmarkedTo !== undefined && event.id <= unmarkedTo && isStorable(event);
    return marks.holds(event.mark, event);
  });
  const ids = new Set(written.map(({ id }) => id));
  if (ids.size === 0) return ids;
  const { rows } = await client.query<{ id: string }>(
    `SELECT e."id" FROM "AuditEvent" e WHERE e."id" = ANY ($1::bigint[]) AND EXISTS (
       SELECT FROM "AuditEvent" other WHERE other."at" = e."at" AND other."mark" = e."mark" AND other."id" <> e."id"
       AND (other."id" < e."id" OR EXISTS (SELECT FROM audit.seals WHERE event_id = other."id")))`,
    [[...ids]],
  );
  for (const { id } of rows) ids.delete(BigInt(id));
  return ids;
}

function isStorable(event: StoredEvent): boolean {
  try {
    return bytesOf(event).length > 0;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

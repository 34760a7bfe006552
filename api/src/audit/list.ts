import type pg from 'pg';
import { inputInvalid } from '../errors.ts';
import { conditionsOf, type AuditFilter } from './filter.ts';
import { eventColumns, eventOf, type EventRow } from './rows.ts';
import type { StoredEvent } from './seals.ts';

/** A place between two events of the list. */
export interface Place {
  readonly at: Date;
  readonly id: bigint;
}

export interface Stretch {
  readonly filter: AuditFilter;
  /** Only what is about these. @default also what is about no server */
  readonly servers?: readonly string[] | undefined;
  /** Only older ones than this. */
  readonly olderThan?: Place | undefined;
  /** Only newer ones than this. */
  readonly newerThan?: Place | undefined;
  readonly order: 'newest first' | 'oldest first';
  readonly limit: number;
}

/** Events by time, and those of one moment by id. It costs what it answers, wherever in the record that lies. */
export async function readEvents(
  pool: Pick<pg.Pool, 'query'>,
  { filter, servers, olderThan, newerThan, order, limit }: Stretch,
): Promise<StoredEvent[]> {
  const conditions = conditionsOf(filter, 'e');
  if (servers) conditions.add('e."serverId" = ANY (?)', servers);
  if (olderThan) conditions.add('(e."at", e."id") < (?, ?)', olderThan.at, olderThan.id);
  if (newerThan) conditions.add('(e."at", e."id") > (?, ?)', newerThan.at, newerThan.id);
  const direction = order === 'newest first' ? 'DESC' : 'ASC';
  const { rows } = await pool.query<EventRow>(
    `SELECT ${eventColumns('e')} FROM "AuditEvent" e WHERE ${conditions.sql}
     ORDER BY e."at" ${direction}, e."id" ${direction} LIMIT ${limit}`,
    conditions.values,
  );
  return rows.map(eventOf);
}

export function cursorOf({ at, id }: Place): string {
  return Buffer.from(`${at.getTime()} ${id}`).toString('base64url');
}

/**
 * @param field - the argument, for the error
 * @throws ServerKitError INPUT_INVALID
 */
export function placeOf(field: string, cursor: string | null | undefined): Place | undefined {
  if (cursor == null) return undefined;
  const [, at, id] =
    /^(\d{1,15}) (\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (at === undefined || id === undefined) throw inputInvalid(field, 'This is not a cursor of this list.');
  return { at: new Date(Number(at)), id: BigInt(id) };
}

import type { Logger } from 'pino';
import type pg from 'pg';
import { transaction, withSession } from '../database/session.ts';
import {
  boundsOf,
  eventColumns,
  eventOf,
  readCheckpoints,
  readLandmarks,
  writeCheckpoint,
  type EventRow,
} from './rows.ts';
import { takeChain } from './sealing.ts';
import { isSame, type Checkpoint, type Link, type Seals, type StoredEvent } from './seals.ts';

export interface RetentionOptions {
  readonly pool: pg.Pool;
  readonly seals: Seals;
  readonly log: Logger;
  /** Sealed events before this moment go. */
  readonly before: Date;
  /** Looked at between batches. */
  readonly signal: AbortSignal;
  /** Events deleted in one transaction, so that nobody waits long for the chain. @default 2_000 */
  readonly atOnce?: number;
}

/**
 * Deletes the old beginning of the record, and keeps a checkpoint from which the rest can still be checked. What is not
 * sealed stays, and so does what is not as it was sealed, with all that comes after: who writes to the database could
 * otherwise make an event old, and have us delete it. Stopping it anywhere loses nothing.
 * @returns how many events went
 */
export async function deleteOld({ atOnce = 2_000, ...options }: RetentionOptions): Promise<number> {
  let deleted = 0;
  for (;;) {
    options.signal.throwIfAborted();
    const batch = await withSession(options.pool, (client) =>
      transaction(client, () => deleteSome(client, { ...options, atOnce })),
    );
    deleted += batch;
    if (batch < atOnce) return deleted;
  }
}

async function deleteSome(
  client: pg.ClientBase,
  options: Pick<Required<RetentionOptions>, 'seals' | 'log' | 'before' | 'atOnce'>,
): Promise<number> {
  if (!(await takeChain(client))) return 0;
  const { seals, before } = options;
  const old = await oldest(client, options);
  const last = old.at(-1)?.link;
  if (!last) return 0;
  const { deletedUntil } = boundsOf(await readLandmarks(client, seals));
  await writeCheckpoint(client, seals, {
    ...last,
    kind: 'retention',
    madeAt: new Date(),
    unmarkedTo: null,
    // A retention that was made longer does not bring back what was deleted.
    deletedUntil: deletedUntil && deletedUntil > before ? deletedUntil : before,
  });
  await client.query('DELETE FROM "AuditEvent" WHERE "id" = ANY ($1::bigint[])', [
    old.map(({ eventId }) => eventId),
  ]);
  await client.query('DELETE FROM audit.seals WHERE position <= $1', [last.position]);
  await client.query(`DELETE FROM audit.checkpoints WHERE kind <> 'begin' AND position < $1`, [
    last.position,
  ]);
  return old.length;
}

interface OldSeal {
  readonly link: Link;
  readonly eventId: string;
  /** Null when somebody removed it. */
  readonly event: StoredEvent | null;
}

type SealRow = { readonly position: string; readonly event_id: string; readonly mac: Buffer } & (
  EventRow | { readonly id: null }
);

/** The seals from the first one on whose events are old. One whose event is gone goes with its neighbours. */
async function oldest(
  client: pg.ClientBase,
  { seals, log, before, atOnce }: Pick<Required<RetentionOptions>, 'seals' | 'log' | 'before' | 'atOnce'>,
): Promise<OldSeal[]> {
  const { rows } = await client.query<SealRow>(
    `SELECT s.position, s.event_id, s.mac, ${eventColumns('e')}
     FROM audit.seals s LEFT JOIN "AuditEvent" e ON e."id" = s.event_id ORDER BY s.position LIMIT $1`,
    [atOnce],
  );
  const all = rows.map((row): OldSeal => ({
    link: { position: BigInt(row.position), mac: row.mac },
    eventId: row.event_id,
    event: row.id === null ? null : eventOf(row),
  }));
  const old = until(all, ({ event }) => event !== null && event.at >= before);
  const genuine = until(old, await altered(client, seals, old));
  const [odd] = old.slice(genuine.length);
  if (odd) {
    log.error(
      { event: `evt_${odd.eventId}`, position: String(odd.link.position) },
      'an audit event is not as it was sealed: neither it nor what came after it is deleted; the query verifyAudit says more',
    );
  }
  return genuine.slice(0, genuine.findLastIndex(({ event }) => event !== null) + 1);
}

/** Whether an event, as old as it claims to be, is not the one that its seal was made for. */
async function altered(
  client: pg.ClientBase,
  seals: Seals,
  old: readonly OldSeal[],
): Promise<(seal: OldSeal, index: number) => boolean> {
  const [first, last] = [old.at(0), old.at(-1)];
  const { trusted }: { readonly trusted: readonly Checkpoint[] } =
    first && last
      ? await readCheckpoints(client, seals, first.link.position - 2n, last.link.position)
      : { trusted: [] };
  const before = ({ position }: Link, index: number): Link | undefined =>
    [old[index - 1]?.link, ...trusted, seals.origin].find((link) => link?.position === position - 1n);
  return ({ link, event }, index) => {
    if (event === null) return false;
    const previous = before(link, index);
    return !previous || !isSealOf(seals, previous, event, link);
  };
}

function isSealOf(seals: Seals, before: Link, event: StoredEvent, { mac }: Link): boolean {
  try {
    return isSame(seals.next(before, event).mac, mac);
  } catch (error) {
    // Parameters that we would not have recorded.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function until<Item>(items: readonly Item[], ends: (item: Item, index: number) => boolean): readonly Item[] {
  const end = items.findIndex(ends);
  return end === -1 ? items : items.slice(0, end);
}

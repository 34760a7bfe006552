import type pg from 'pg';
import { transaction, withSession } from '../database/session.ts';
import { boundsOf, readLandmarks, writeCheckpoint } from './rows.ts';
import { takeChain } from './sealing.ts';
import type { Link, Seals } from './seals.ts';

export interface RetentionOptions {
  readonly pool: pg.Pool;
  readonly seals: Seals;
  /** Sealed events before this moment go. */
  readonly before: Date;
  /** Looked at between batches. */
  readonly signal: AbortSignal;
  /** Events deleted in one transaction, so that nobody waits long for the chain. @default 2_000 */
  readonly atOnce?: number;
}

/**
 * Deletes the old beginning of the record, and keeps a checkpoint from which the rest can still be checked. What is not
 * sealed stays. Stopping it anywhere loses nothing.
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
  { seals, before, atOnce }: Pick<Required<RetentionOptions>, 'seals' | 'before' | 'atOnce'>,
): Promise<number> {
  if (!(await takeChain(client))) return 0;
  const old = await oldest(client, before, atOnce);
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
}

/** The seals from the first one on whose events are old. One whose event is gone goes with its neighbours. */
async function oldest(client: pg.ClientBase, before: Date, atOnce: number): Promise<OldSeal[]> {
  const { rows } = await client.query<{ position: string; event_id: string; mac: Buffer; at: Date | null }>(
    `SELECT s.position, s.event_id, s.mac, e."at" FROM audit.seals s LEFT JOIN "AuditEvent" e ON e."id" = s.event_id
     ORDER BY s.position LIMIT $1`,
    [atOnce],
  );
  const young = rows.findIndex(({ at }) => at !== null && at >= before);
  const candidates = young === -1 ? rows : rows.slice(0, young);
  const end = candidates.findLastIndex(({ at }) => at !== null) + 1;
  return candidates
    .slice(0, end)
    .map(({ position, event_id, mac }) => ({ link: { position: BigInt(position), mac }, eventId: event_id }));
}

import type pg from 'pg';
import type { Marks } from './marks.ts';
import {
  boundsOf,
  eventColumns,
  eventOf,
  genuineAmong,
  readLandmarks,
  readHead,
  writeCheckpoint,
  type EventRow,
  type Landmarks,
} from './rows.ts';
import type { Link, Seals, StoredEvent } from './seals.ts';

/** Held, until the transaction ends, by whoever adds to the chain or takes from its beginning. */
const chainLock = 7_309_834_216_052_115n;

/** A checkpoint after so many seals: as far as a check from the last one has to look. */
const checkpointEvery = 1_000n;

export interface Chain {
  readonly seals: Seals;
  readonly marks: Marks;
}

export interface Sealed {
  readonly head: Link;
  readonly count: number;
  /** Rows that are not from us, or were there before: they are never sealed. */
  readonly refused: readonly bigint[];
  /** The chain was shorter than the anchor says by so many seals. */
  readonly cut: bigint;
  /** Whether there may be more to seal. */
  readonly more: boolean;
}

/** @returns whether the chain is ours until the transaction ends */
export async function takeChain(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ ours: boolean }>(
    `SELECT pg_try_advisory_xact_lock(${chainLock}) AS ours`,
  );
  return rows[0]?.ours === true;
}

/**
 * Seals what is pending, in one transaction of the caller's.
 * @param anchor - the end of the chain as it was last written down outside of the database
 * @param limit - events at most
 * @returns undefined while another process seals
 */
export async function sealPending(
  client: pg.ClientBase,
  chain: Chain,
  anchor: Link | undefined,
  limit: number,
): Promise<Sealed | undefined> {
  if (!(await takeChain(client))) return undefined;
  const landmarks = await readLandmarks(client, chain.seals);
  const found = await readHead(client, landmarks);
  const start = await startFrom(client, chain, found, anchor);
  const bounds = boundsOf(start.begun ?? landmarks);
  const pending = await readPending(client, limit);

  let head = start.head;
  const links: { readonly link: Link; readonly eventId: bigint }[] = [];
  const refused: bigint[] = [];
  const open = pending.flatMap(({ event, sealed }) => (sealed ? [] : event));
  const genuine = await genuineAmong(client, open, chain.marks, bounds);
  for (const event of open) {
    if (!genuine.has(event.id)) {
      refused.push(event.id);
      continue;
    }
    head = chain.seals.next(head, event);
    links.push({ link: head, eventId: event.id });
  }
  await client.query(
    `INSERT INTO audit.seals (position, event_id, mac) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])`,
    [
      links.map(({ link }) => link.position),
      links.map(({ eventId }) => eventId),
      links.map(({ link }) => link.mac),
    ],
  );
  await client.query('DELETE FROM audit.pending WHERE event_id = ANY ($1::bigint[])', [
    pending.map(({ event }) => event.id),
  ]);
  if (head.position / checkpointEvery > start.head.position / checkpointEvery) {
    await writeCheckpoint(client, chain.seals, { ...routine, ...head, madeAt: new Date() });
  }
  if (bounds.unmarkedTo !== undefined) await endUnmarked(client, chain, start.begun ?? landmarks);
  return { head, count: links.length, refused, cut: start.cut, more: pending.length === limit };
}

const routine = { kind: 'routine', unmarkedTo: null, deletedUntil: null } as const;

interface Start {
  readonly head: Link;
  readonly cut: bigint;
  /** Set when the chain begins now. */
  readonly begun?: Landmarks;
}

/**
 * Where to go on. What the anchor knows and the database does not has been taken away; the chain then goes on behind it,
 * so that the gap stays to be seen.
 */
async function startFrom(
  client: pg.ClientBase,
  { seals }: Chain,
  found: Link | undefined,
  anchor: Link | undefined,
): Promise<Start> {
  if (anchor && (!found || anchor.position > found.position)) {
    await writeCheckpoint(client, seals, { ...routine, ...anchor, madeAt: new Date() });
    return { head: anchor, cut: anchor.position - (found?.position ?? 0n) };
  }
  if (found) return { head: found, cut: 0n };
  const { rows } = await client.query<{ last: string | null }>(
    'SELECT max("id") AS last FROM "AuditEvent" WHERE "mark" IS NULL',
  );
  const begin = seals.prove({
    ...seals.origin,
    kind: 'begin',
    madeAt: new Date(),
    unmarkedTo: rows[0]?.last == null ? null : BigInt(rows[0].last),
    deletedUntil: null,
  });
  await writeCheckpoint(client, seals, begin);
  return { head: seals.origin, cut: 0n, begun: { trusted: [begin], forged: [] } };
}

/** Once the rows from before there were marks are sealed, none without a mark is taken any more. */
async function endUnmarked(client: pg.ClientBase, { seals }: Chain, { trusted }: Landmarks): Promise<void> {
  const { rows } = await client.query<{ left: boolean }>(
    `SELECT EXISTS (SELECT FROM audit.pending p JOIN "AuditEvent" e ON e."id" = p.event_id WHERE e."mark" IS NULL) AS left`,
  );
  const begin = trusted.find(({ kind }) => kind === 'begin');
  if (begin && !rows[0]?.left) await writeCheckpoint(client, seals, { ...begin, unmarkedTo: null });
}

interface Pending {
  readonly event: StoredEvent;
  readonly sealed: boolean;
}

/**
 * Events whose transactions have committed, by id. A pending row without its event is left where it is, as the one
 * trace of an event that was taken away before it was sealed. OFFSET 0 keeps the planner to one look-up for each: its
 * statistics may be those of before an upgrade left a million rows to seal.
 */
async function readPending(client: pg.ClientBase, limit: number): Promise<Pending[]> {
  const { rows } = await client.query<EventRow & { sealed: boolean }>(
    `SELECT ${eventColumns('e')}, s.position IS NOT NULL AS sealed
     FROM audit.pending p
       CROSS JOIN LATERAL (SELECT * FROM "AuditEvent" WHERE "id" = p.event_id OFFSET 0) AS e
       LEFT JOIN LATERAL (SELECT position FROM audit.seals WHERE event_id = p.event_id OFFSET 0) AS s ON true
     ORDER BY p.event_id LIMIT $1`,
    [limit],
  );
  return rows.map(({ sealed, ...row }) => ({ event: eventOf(row), sealed }));
}

import type pg from 'pg';
import type { Findings } from './findings.ts';
import type { Marks } from './marks.ts';
import { eventColumns, eventOf, genuineAmong, type Bounds, type EventRow } from './rows.ts';
import type { Link } from './seals.ts';

export interface StrayOptions {
  readonly since: 'beginning' | 'checkpoint';
  /** Where the chain was taken up. */
  readonly start: Link | undefined;
  readonly marks: Marks;
  readonly bounds: Bounds;
  readonly signal: AbortSignal;
  readonly findings: Findings;
}

/** Events looked through in one statement, and strays taken from it. */
const atOnce = 50_000;
const straysAtOnce = 1_000;

type StrayRow = EventRow & { readonly pending: boolean };

/**
 * Finds events that have no seal, and events that wait for one and are gone.
 * @returns how many only wait
 */
export async function findStrays(client: pg.ClientBase, options: StrayOptions): Promise<number> {
  const { signal, findings } = options;
  let waiting = 0;
  let after = await firstId(client, options);
  for (;;) {
    signal.throwIfAborted();
    const end = await idAfter(client, after);
    if (end === undefined) break;
    const rows = await straysIn(client, after, end);
    const events = rows.map(eventOf);
    const genuine = await genuineAmong(client, events, options.marks, options.bounds);
    for (const [index, event] of events.entries()) {
      const ours = genuine.has(event.id);
      if (ours && rows[index]?.pending) waiting += 1;
      else findings.add({ kind: ours ? 'UNSEALED' : 'INSERTED', eventId: event.id, at: event.at });
    }
    after = rows.length === straysAtOnce ? BigInt(rows.at(-1)?.id ?? end) : end;
  }
  const gone = await client.query<{ event_id: string }>(
    `SELECT event_id FROM audit.pending WHERE NOT EXISTS (SELECT FROM "AuditEvent" WHERE "id" = event_id)
     ORDER BY event_id LIMIT 1000`,
  );
  for (const { event_id } of gone.rows) findings.add({ kind: 'REMOVED', eventId: BigInt(event_id) });
  return waiting;
}

/** A check since a checkpoint leaves out the ids before it. */
async function firstId(client: pg.ClientBase, { since, start }: StrayOptions): Promise<bigint> {
  if (since === 'beginning' || !start) return lowest;
  const { rows } = await client.query<{ event_id: string }>(
    'SELECT event_id FROM audit.seals WHERE position = $1',
    [start.position],
  );
  return BigInt(rows[0]?.event_id ?? lowest);
}

/** Of bigint. */
const lowest = -(2n ** 63n);

/** Ids may lie any distance apart, so events are counted. */
async function idAfter(client: pg.ClientBase, after: bigint): Promise<bigint | undefined> {
  const { rows } = await client.query<{ last: string | null }>(
    `SELECT max("id") AS last FROM (SELECT "id" FROM "AuditEvent" WHERE "id" > $1 ORDER BY "id" LIMIT $2) AS stretch`,
    [after, atOnce],
  );
  const last = rows[0]?.last;
  return last == null ? undefined : BigInt(last);
}

async function straysIn(client: pg.ClientBase, after: bigint, upTo: bigint): Promise<StrayRow[]> {
  const { rows } = await client.query<StrayRow>(
    `SELECT ${eventColumns('e')}, p.event_id IS NOT NULL AS pending
     FROM "AuditEvent" e LEFT JOIN audit.pending p ON p.event_id = e."id"
     WHERE e."id" > $1 AND e."id" <= $2 AND NOT EXISTS (SELECT FROM audit.seals WHERE event_id = e."id")
     ORDER BY e."id" LIMIT $3`,
    [after, upTo, straysAtOnce],
  );
  return rows;
}

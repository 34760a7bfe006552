import type pg from 'pg';
import { rollUp } from './rollup-sql.ts';
import { transaction, withSession } from '../database/session.ts';
import { ingestLock } from './store-samples.ts';
import { minute, quarter, raw, sixHours, type Tier } from './tiers.ts';

/** Only one process of all rolls up: PostgreSQL's session-level advisory lock. */
const rollUpLock = 7_309_834_216_052_115n;

/**
 * A quarter of an hour is rolled up this long (ms) after its end; what comes later is late, and rolled up again. Not
 * every minute, though minutes are what is made: fifteen rows of a server then lie side by side on the disk, and a day
 * of it is read from a hundred pages instead of fourteen hundred.
 */
const graceMs = 10_000;

/** Rolled up in one transaction at most: after a long outage the rest follows in further ones. */
const mostAtOnceMs = 6 * 60 * 60 * 1000;
const mostLateAtOnce = 10_000;

interface State {
  readonly claimed: Date;
  readonly done_1m: Date;
  readonly done_15m: Date;
  readonly done_6h: Date;
}

export interface RolledUp {
  /** Minutes up to here are rolled up. */
  readonly upTo: Date;
  /** Minutes that were rolled up again because samples of them came late. */
  readonly late: number;
}

/**
 * Brings the roll-ups up to now. Stopping it anywhere loses nothing: what it did not finish it does the next time.
 * @param now - ms since 1970
 * @returns undefined while another process does it
 */
export async function bringRollUpsUpTo(pool: pg.Pool, now: number): Promise<RolledUp | undefined> {
  return withSession(pool, async (client) => {
    const { rows } = await client.query<{ ours: boolean }>(
      `SELECT pg_try_advisory_lock(${rollUpLock}) AS ours`,
    );
    if (!rows[0]?.ours) return undefined;
    const result = await run(client, now);
    await client.query(`SELECT pg_advisory_unlock(${rollUpLock})`);
    return result;
  });
}

async function run(client: pg.ClientBase, now: number): Promise<RolledUp> {
  const claimed = await claim(client, new Date(now - graceMs));
  let late = 0;
  for (;;) {
    const step = await transaction(client, () => rollUpSome(client, claimed));
    late += step.late;
    if (step.finished) return { upTo: claimed, late };
  }
}

/**
 * Under the lock of those who store samples, so that afterwards every sample of a claimed minute is either there, or
 * late and on the list.
 */
async function claim(client: pg.ClientBase, until: Date): Promise<Date> {
  return transaction(client, async () => {
    await client.query(`SELECT pg_advisory_xact_lock(${ingestLock})`);
    const { rows } = await client.query<State>(
      `UPDATE metrics.rollup_state
       SET claimed = greatest(claimed, $1::timestamptz) RETURNING *`,
      [floor(until, quarter)],
    );
    return stateOf(rows).claimed;
  });
}

async function rollUpSome(
  client: pg.ClientBase,
  claimed: Date,
): Promise<{ late: number; finished: boolean }> {
  const { rows } = await client.query<State>('SELECT * FROM metrics.rollup_state FOR UPDATE');
  const state = stateOf(rows);
  // Before that there is nothing left to roll up, however long nobody did.
  const from = new Date(Math.max(state.done_1m.getTime(), claimed.getTime() - raw.retentionMs));
  const until = new Date(Math.min(claimed.getTime(), from.getTime() + mostAtOnceMs));
  const late = await takeLate(client, until);
  const due: readonly (readonly [Tier, from: Date])[] = [
    [minute, from],
    [quarter, state.done_15m],
    [sixHours, state.done_6h],
  ];
  for (const [tier, begin] of due) {
    const end = floor(until, tier);
    if (begin < end) await client.query(rollUp(tier, everyServer), [begin, end]);
    if (late[0].length > 0) await client.query(rollUp(tier, stretchesOf(tier)), [...late]);
  }
  await client.query('UPDATE metrics.rollup_state SET done_1m = $1, done_15m = $2, done_6h = $3', [
    until,
    floor(until, quarter),
    floor(until, sixHours),
  ]);
  const finished = until.getTime() >= claimed.getTime() && late[0].length < mostLateAtOnce;
  return { late: late[0].length, finished };
}

type Late = readonly [servers: readonly number[], minutes: readonly Date[]];

async function takeLate(client: pg.ClientBase, until: Date): Promise<Late> {
  const { rows } = await client.query<{ server_number: number; at: Date }>(
    `DELETE FROM metrics.late_minutes WHERE (at, server_number) IN (
       SELECT at, server_number FROM metrics.late_minutes WHERE at < $1 ORDER BY at, server_number LIMIT $2
     ) RETURNING server_number, at`,
    [until, mostLateAtOnce],
  );
  return [rows.map(({ server_number }) => server_number), rows.map(({ at }) => at)];
}

/** From $1 to $2, of every server that ever sent a sample. */
const everyServer = `
  SELECT server_number, $1::timestamptz AS from_at, $2::timestamptz AS to_at FROM metrics.cursors`;

/** The buckets that late minutes lie in: $1 their servers, $2 their begin. */
function stretchesOf({ widthMs }: Tier): string {
  const bucket = `date_bin('${widthMs} ms', at, 'epoch')`;
  return `
  SELECT DISTINCT server_number, ${bucket} AS from_at, ${bucket} + interval '${widthMs} ms' AS to_at
  FROM unnest($1::int[], $2::timestamptz[]) AS late (server_number, at)`;
}

function floor(at: Date, { widthMs }: Tier): Date {
  return new Date(at.getTime() - (at.getTime() % widthMs));
}

function stateOf(rows: readonly State[]): State {
  const [state] = rows;
  if (!state) throw new Error('metrics.rollup_state has no row');
  return state;
}

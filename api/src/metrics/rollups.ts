import type pg from 'pg';
import { rollUp } from './rollup-sql.ts';
import { withSession } from './session.ts';
import { ingestLock } from './store-samples.ts';
import { minute, quarter, raw, sixHours, type Tier } from './tiers.ts';

/** Only one process of all rolls up: PostgreSQL's session-level advisory lock. */
const rollUpLock = 7_309_834_216_052_115n;

/** A minute is rolled up this long (ms) after its end; what comes later is late, and rolled up again. */
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
       SET claimed = greatest(claimed, date_bin('1 minute', $1::timestamptz, 'epoch')) RETURNING *`,
      [until],
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
  await client.query(rollUp(minute, everyServer), [from, until]);
  const late = await takeLate(client, until);
  await client.query(rollUp(minute, stretchesOf(minute)), [...late]);
  await client.query(rollUp(quarter, everyServer), [state.done_15m, floor(until, quarter)]);
  await client.query(rollUp(quarter, stretchesOf(quarter)), [...late]);
  await client.query(rollUp(sixHours, everyServer), [state.done_6h, floor(until, sixHours)]);
  await client.query(rollUp(sixHours, stretchesOf(sixHours)), [...late]);
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

async function transaction<Result>(client: pg.ClientBase, work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN');
  const result = await work();
  await client.query('COMMIT');
  return result;
}

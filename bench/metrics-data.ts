import {
  addServer,
  metricsDatabase,
  type TestMetricsDatabase,
  type TestServer,
} from '../api/src/metrics/testing.ts';

/** A database that took metrics of `servers` machines: a day of samples, a week of minutes, a month of quarters. */
export interface History extends AsyncDisposable {
  readonly database: TestMetricsDatabase;
  readonly servers: readonly TestServer[];
  /** ms since 1970; everything ends here. */
  readonly now: number;
}

/** Written in the order in which it comes: samples of one server lie apart, its minutes fifteen together. */
export async function monthOfHistory(servers: number): Promise<History> {
  const database = await metricsDatabase();
  const { pool } = database.db;
  const list: TestServer[] = [];
  for (let n = 0; n < servers; n++) list.push(await addServer(database.db, `bench-${n}`));
  const numbers = list.map(({ number }) => number);
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  const minute = new Date(now - 60_000);
  await pool.query(
    `INSERT INTO metrics.samples (server_number, at, monotonic_ms, epoch, seq, cpu, load1, load5, load15, memory_total,
       memory_used, swap_total, swap_used, uptime_seconds, network_received, network_sent, disk_read, disk_written,
       shape, disk_percent, containers_total, containers_running, images_total, detail)
     SELECT server, at, row * 10000, 42, row, round((random() * 100)::numeric, 2), 1.5, 1.25, 1, 16e9, 8e9 * random(),
       2e9, 0, 1e6 + row * 10, 1e6 * random(), 1e6 * random(), 1e6 * random(), 1e6 * random(), server, 42.5, 12, 10, 30,
       decode(repeat('25', 95), 'hex')
     FROM generate_series(0, 8639) AS row,
       LATERAL (SELECT $2::timestamptz - (8639 - row) * interval '10 seconds' AS at) AS moment,
       unnest($1::int[]) AS server
     ORDER BY row`,
    [numbers, new Date(now - 1)],
  );
  await pool.query(
    `INSERT INTO metrics.shapes (server_number, hash, at, body)
     SELECT server, server, date_bin('1 day', $2::timestamptz, 'epoch'), '[95,[],[],[],[]]' FROM unnest($1::int[]) AS server`,
    [numbers, new Date(now - 1)],
  );
  await fillRollUp(database, 'rollup_1m', '1 minute', 7 * 24 * 60, numbers, minute);
  await fillRollUp(database, 'rollup_15m', '15 minutes', 30 * 24 * 4, numbers, floor(now, 15 * 60_000));
  await pool.query('UPDATE metrics.rollup_state SET claimed = $1, done_1m = $1, done_15m = $2', [
    new Date(now),
    floor(now, 15 * 60_000),
  ]);
  await pool.query('VACUUM ANALYZE');
  return { database, servers: list, now, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

function floor(at: number, widthMs: number): Date {
  return new Date(Math.floor(at / widthMs) * widthMs);
}

async function fillRollUp(
  { db }: TestMetricsDatabase,
  table: string,
  width: string,
  buckets: number,
  servers: readonly number[],
  last: Date,
): Promise<void> {
  const gauge = 'random() * 50, 50, 50 + random() * 50';
  await db.pool.query(
    `INSERT INTO metrics.${table} (server_number, at, samples, disk_samples, docker_samples, memory_total,
       containers_total, cpu_min, cpu_avg, cpu_max, load1_min, load1_avg, load1_max, network_received_min,
       network_received_avg, network_received_max, network_sent_min, network_sent_avg, network_sent_max, disk_read_min,
       disk_read_avg, disk_read_max, disk_written_min, disk_written_avg, disk_written_max, disk_percent_min,
       disk_percent_avg, disk_percent_max, containers_running_min, containers_running_avg, containers_running_max,
       memory_used_min, memory_used_avg, memory_used_max, swap_used_min, swap_used_avg, swap_used_max)
     SELECT server, at, 6, 6, 6, 16e9, 12, ${Array.from({ length: 8 }, () => gauge).join(', ')},
       4e9 * random(), 8e9 * random(), 16e9 * random(), 0, 0, 0
     FROM generate_series(0, ${buckets - 1}) AS row,
       LATERAL (SELECT $2::timestamptz - (${buckets - 1} - row) * interval '${width}' AS at) AS moment,
       unnest($1::int[]) AS server
     ORDER BY row / ${table === 'rollup_1m' ? 15 : 1}, server, row`,
    [servers, last],
  );
}

import { readLatest } from '../api/src/metrics/latest.ts';
import { readSeries } from '../api/src/metrics/series.ts';
import { readSparklines } from '../api/src/metrics/sparklines.ts';
import { quantile, type Bench, type Measurement } from './measurement.ts';
import { monthOfHistory } from './metrics-data.ts';

const hourMs = 3_600_000;
const servers = 100;
const rounds = 300;
const warmUp = 100;

/** Reading history as the charts do, out of a month of a hundred servers. */
export const metricsHistory: Bench = {
  name: 'metrics-history',
  async measure() {
    await using history = await monthOfHistory(servers);
    const { database, now } = history;
    const { pool } = database.db;
    const numbers = history.servers.map(({ number }) => number);
    const pick = (round: number) => numbers[(round * 7919) % numbers.length] ?? 0;
    const series = (hours: number) => (round: number) =>
      readSeries(pool, pick(round), { from: now - hours * hourMs, to: now, points: 300 }, now);
    const day = await p50(series(24));
    const month = await p50(series(30 * 24));
    const hour = await p50(series(1));
    const lines = await p50(() => readSparklines(pool, numbers, now));
    const latest = await p50(() => readLatest(pool, numbers));
    const results: Measurement[] = [
      { what: '24 h of one server out of 100 as 300 points, p50', value: day, unit: 'ms', atMost: 10 },
      { what: '30 d of one server out of 100 as 300 points, p50', value: month, unit: 'ms', atMost: 20 },
      { what: '1 h of one server out of 100 as samples, p50', value: hour, unit: 'ms' },
      { what: 'sparklines of 100 servers, p50', value: lines, unit: 'ms' },
      { what: 'newest samples of 100 servers, p50', value: latest, unit: 'ms' },
    ];
    const { rows } = await pool.query<{ name: string; per_row: number }>(
      `SELECT parent.relname AS name,
         sum(pg_total_relation_size(child.oid))::float8 / nullif(sum(child.reltuples), 0)::float8 AS per_row
       FROM pg_inherits JOIN pg_class AS parent ON parent.oid = inhparent JOIN pg_class AS child ON child.oid = inhrelid
       WHERE parent.relnamespace = 'metrics'::regnamespace AND child.reltuples > 1000 AND child.relkind = 'r'
       GROUP BY 1 ORDER BY 1`,
    );
    for (const { name, per_row } of rows) {
      results.push({ what: `bytes of a row of metrics.${name}, with its index`, value: per_row, unit: 'B' });
    }
    return results;
  },
};

async function p50(read: (round: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < warmUp + rounds; round++) {
    const began = performance.now();
    await read(round);
    if (round >= warmUp) times.push(performance.now() - began);
  }
  return quantile(times, 0.5);
}

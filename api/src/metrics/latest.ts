import type pg from 'pg';
import { hexOf, sampleColumns } from './columns.ts';
import { unpackDetail } from './detail.ts';
import type { StoredSample } from './sample.ts';

/** A row of metrics.samples as node-postgres gives it: bigint as text. */
interface SampleRow {
  readonly server_number: number;
  readonly at: Date;
  readonly epoch: string;
  readonly seq: number;
  readonly agent_ms: string | null;
  readonly monotonic_ms: string;
  readonly cpu: number;
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  readonly memory_total: string;
  readonly memory_used: string;
  readonly swap_total: string;
  readonly swap_used: string;
  readonly uptime_seconds: string;
  readonly containers_total: number | null;
  readonly containers_running: number | null;
  readonly images_total: number | null;
  readonly detail: Buffer;
  readonly body: string;
}

/** A sample as it came from the agent, and when (ms since 1970) it was taken by our clock. */
export interface Kept {
  readonly serverNumber: number;
  readonly at: number;
  readonly sample: StoredSample;
}

const columns = sampleColumns.map(({ name }) => `sample.${name}`).join(', ');

const join = `JOIN metrics.shapes AS shape ON shape.server_number = sample.server_number
  AND shape.hash = sample.shape AND shape.at = date_bin('1 day', sample.at, 'epoch')`;

/** The newest sample of each of the servers, as far as it is still kept. */
export async function readLatest(pool: pg.Pool, serverNumbers: readonly number[]): Promise<Kept[]> {
  const { rows } = await pool.query<SampleRow>({
    name: 'metrics-latest',
    text: `SELECT ${columns}, shape.body
      FROM unnest($1::int[]) AS wanted (server_number)
      CROSS JOIN LATERAL (
        SELECT * FROM metrics.samples
        WHERE samples.server_number = wanted.server_number ORDER BY samples.at DESC LIMIT 1
      ) AS sample ${join}`,
    values: [serverNumbers],
  });
  return rows.map(rebuild);
}

/** Every kept sample of a server in a stretch of time (ms since 1970, `to` exclusive), oldest first. */
export async function readSamples(
  pool: pg.Pool,
  serverNumber: number,
  from: number,
  to: number,
): Promise<Kept[]> {
  const { rows } = await pool.query<SampleRow>({
    name: 'metrics-samples',
    text: `SELECT ${columns}, shape.body FROM metrics.samples AS sample ${join}
      WHERE sample.server_number = $1 AND sample.at >= $2 AND sample.at < $3
      ORDER BY sample.at, sample.epoch, sample.seq`,
    values: [serverNumber, new Date(from), new Date(to)],
  });
  return rows.map(rebuild);
}

/** The sample value for value as the agent sent it. */
function rebuild(row: SampleRow): Kept {
  const at = row.at.getTime();
  return {
    serverNumber: row.server_number,
    at,
    sample: {
      epoch: hexOf(row.epoch),
      seq: row.seq,
      at: row.agent_ms === null ? at : Number(row.agent_ms),
      monotonicMs: Number(row.monotonic_ms),
      cpuPercent: row.cpu,
      load1: row.load1,
      load5: row.load5,
      load15: row.load15,
      memoryTotalBytes: Number(row.memory_total),
      memoryUsedBytes: Number(row.memory_used),
      swapTotalBytes: Number(row.swap_total),
      swapUsedBytes: Number(row.swap_used),
      uptimeSeconds: Number(row.uptime_seconds),
      containersTotal: row.containers_total,
      containersRunning: row.containers_running,
      imagesTotal: row.images_total,
      ...unpackDetail(row.body, row.detail),
    },
  };
}

import type pg from 'pg';
import { percentOf } from './sample.ts';

/** The last fifteen minutes in steps of half a minute. */
export const sparklineSteps = 30;
const stepMs = 30_000;

/** Columns of one length, oldest first; null where nothing was measured. Percentages run from 0 to 100. */
export interface Sparkline {
  /** Begin of the first step, ms since 1970. */
  readonly from: number;
  readonly stepSeconds: number;
  readonly cpuPercent: readonly (number | null)[];
  readonly memoryPercent: readonly (number | null)[];
  readonly diskPercent: readonly (number | null)[];
}

interface StepRow {
  readonly server_number: number;
  readonly step: number;
  readonly cpu: number;
  readonly memory_used: number;
  readonly memory_total: number;
  readonly disk_percent: number | null;
}

const statement = `
SELECT wanted.server_number, step.*
FROM unnest($1::int[]) AS wanted (server_number), LATERAL (
  SELECT (extract(epoch FROM at - $2)::float8 * 1000)::int / ${stepMs} AS step,
    avg(cpu) AS cpu, avg(memory_used)::float8 AS memory_used, max(memory_total)::float8 AS memory_total,
    avg(disk_percent) AS disk_percent
  FROM metrics.samples
  WHERE server_number = wanted.server_number AND at >= $2 AND at < $3
  GROUP BY 1
) AS step`;

/**
 * One sparkline for each of the servers, in one query.
 * @param now - ms since 1970
 */
export async function readSparklines(
  pool: pg.Pool,
  serverNumbers: readonly number[],
  now: number,
): Promise<Map<number, Sparkline>> {
  const to = Math.ceil(now / stepMs) * stepMs;
  const from = to - sparklineSteps * stepMs;
  const { rows } = await pool.query<StepRow>({
    name: 'metrics-sparklines',
    text: statement,
    values: [serverNumbers, new Date(from), new Date(to)],
  });
  const lines = new Map(serverNumbers.map((server) => [server, empty(from)]));
  for (const row of rows) {
    const line = lines.get(row.server_number);
    if (!line) continue;
    line.cpuPercent[row.step] = hundredths(row.cpu);
    line.memoryPercent[row.step] = percentOf(row.memory_used, row.memory_total);
    line.diskPercent[row.step] = row.disk_percent === null ? null : hundredths(row.disk_percent);
  }
  return lines;
}

function empty(from: number) {
  const nothing = () => Array.from<number | null>({ length: sparklineSteps }).fill(null);
  return {
    from,
    stepSeconds: stepMs / 1000,
    cpuPercent: nothing(),
    memoryPercent: nothing(),
    diskPercent: nothing(),
  };
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

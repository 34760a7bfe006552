import type pg from 'pg';
import { minute, quarter, raw, sixHours, tiers, type Tier } from './tiers.ts';

/** Means over one step of time, and the highest CPU and memory within it. Rates are bytes per second. */
export interface Point {
  /** Begin of the step, ms since 1970. */
  readonly at: number;
  readonly cpuPercent: number;
  readonly cpuPercentMax: number;
  readonly memoryTotalBytes: number;
  readonly memoryUsedBytes: number;
  readonly memoryUsedBytesMax: number;
  readonly swapUsedBytes: number;
  readonly load1: number;
  readonly diskPercent: number | null;
  readonly diskReadBytesPerSecond: number;
  readonly diskWriteBytesPerSecond: number;
  readonly networkReceivedBytesPerSecond: number;
  readonly networkSentBytesPerSecond: number;
  readonly containersRunning: number | null;
}

/** History, oldest first. A step without a sample has no point. */
export interface Series {
  readonly stepSeconds: number;
  readonly points: readonly Point[];
}

export interface Stretch {
  /** ms since 1970; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  /** How many points are wanted, about. */
  readonly points: number;
}

/** From which tier a stretch is read, and in what steps. */
export interface SeriesPlan {
  readonly tier: Tier;
  readonly stepMs: number;
  /** Begin of the first step, ms since 1970. */
  readonly from: number;
}

/**
 * Steps of raw samples narrower than this would hold two samples or none, as those come every 10 s but not on the dot:
 * then every sample is a point of its own.
 */
const narrowestRawStepMs = 2 * raw.widthMs;

/**
 * Reads the coarsest tier that is fine enough, as long as it reaches back far enough. Steps are whole multiples of the
 * tier's width counted from 1970, so that the same moment falls into the same step whenever it is asked for.
 */
export function planSeries({ from, to, points }: Stretch, now: number): SeriesPlan {
  const wanted = (to - from) / points;
  const kept = tiers.filter(({ retentionMs }) => from >= now - retentionMs);
  const tier = kept.findLast(({ widthMs }) => widthMs <= wanted) ?? kept[0] ?? sixHours;
  const stepMs = Math.max(1, Math.round(wanted / tier.widthMs)) * tier.widthMs;
  if (tier === raw && stepMs < narrowestRawStepMs) return { tier, stepMs, from };
  return { tier, stepMs, from: from - (from % stepMs) };
}

/** A roll-up is read as far as it is done; what follows comes from the next finer one, and in the end from samples. */
const doneColumns: ReadonlyMap<Tier, string> = new Map([
  [minute, 'done_1m'],
  [quarter, 'done_15m'],
  [sixHours, 'done_6h'],
]);

/** The columns both kinds of source have, as [in roll-ups, in samples]. */
const columns: Readonly<Record<string, readonly [rollup: string, sample: string]>> = {
  samples: ['samples', '1'],
  disk_samples: ['disk_samples', '(disk_percent IS NOT NULL)::int'],
  docker_samples: ['docker_samples', '(containers_running IS NOT NULL)::int'],
  cpu: ['cpu_avg::float8', 'cpu'],
  cpu_max: ['cpu_max::float8', 'cpu'],
  memory_total: ['memory_total', 'memory_total'],
  memory_used: ['memory_used_avg', 'memory_used::float8'],
  memory_used_max: ['memory_used_max', 'memory_used'],
  swap_used: ['swap_used_avg', 'swap_used::float8'],
  load1: ['load1_avg::float8', 'load1'],
  disk_percent: ['disk_percent_avg::float8', 'disk_percent'],
  disk_read: ['disk_read_avg::float8', 'disk_read'],
  disk_written: ['disk_written_avg::float8', 'disk_written'],
  network_received: ['network_received_avg::float8', 'network_received'],
  network_sent: ['network_sent_avg::float8', 'network_sent'],
  containers_running: ['containers_running_avg::float8', 'containers_running::float8'],
};

/** $1 server, $2 from, $3 to. Where a roll-up is done, the next finer tier begins. */
function source(tier: Tier): string {
  const list = tiers.slice(0, tiers.indexOf(tier) + 1).toReversed();
  return list
    .map((one, index) => {
      const coarser = doneColumns.get(list[index - 1] ?? raw);
      const done = doneColumns.get(one);
      const expressions = Object.values(columns).map(([rollup, sample]) => (one === raw ? sample : rollup));
      return `SELECT at, ${expressions.join(', ')} FROM metrics.${one.table}
        WHERE server_number = $1 AND at >= $2 AND at < $3
        ${coarser ? `AND at >= (SELECT ${coarser} FROM metrics.rollup_state)` : ''}
        ${done ? `AND at < (SELECT ${done} FROM metrics.rollup_state)` : ''}`;
    })
    .join('\nUNION ALL\n');
}

const mean = (column: string, weight = 'samples') => `sum(${column} * ${weight}) / nullif(sum(${weight}), 0)`;

/** In the order that {@link toPoint} reads them. */
const aggregates = [
  mean('cpu'),
  'max(cpu_max)',
  'max(memory_total)',
  mean('memory_used'),
  'max(memory_used_max)',
  mean('swap_used'),
  mean('load1'),
  mean('disk_percent', 'disk_samples'),
  mean('disk_read'),
  mean('disk_written'),
  mean('network_received'),
  mean('network_sent'),
  mean('containers_running', 'docker_samples'),
].map((expression) => `(${expression})::float8`);

/** $4 the width of a step, or null: every row is a point of its own. */
const statements: ReadonlyMap<Tier, string> = new Map(
  tiers.map((tier) => [
    tier,
    `SELECT extract(epoch FROM coalesce(date_bin($4::interval, at, 'epoch'), at))::float8 * 1000 AS step,
       ${aggregates.join(', ')}
     FROM (${source(tier)}) AS rows (at, ${Object.keys(columns).join(', ')})
     GROUP BY step ORDER BY step`,
  ]),
);

type Row = (number | null)[];

/**
 * Reads the history of a server.
 * @param now - ms since 1970
 */
export async function readSeries(
  pool: pg.Pool,
  serverNumber: number,
  stretch: Stretch,
  now: number,
): Promise<Series> {
  const { tier, stepMs, from } = planSeries(stretch, now);
  const binned = tier !== raw || stepMs >= narrowestRawStepMs;
  const { rows } = await pool.query<Row>({
    name: `metrics-series-${tier.table}`,
    text: statements.get(tier) ?? '',
    values: [serverNumber, new Date(from), new Date(stretch.to), binned ? `${stepMs} ms` : null],
    rowMode: 'array',
  });
  return { stepSeconds: stepMs / 1000, points: rows.map(toPoint) };
}

function toPoint(row: Row): Point {
  return {
    at: whole(row[0]),
    cpuPercent: hundredths(row[1]) ?? 0,
    cpuPercentMax: hundredths(row[2]) ?? 0,
    memoryTotalBytes: whole(row[3]),
    memoryUsedBytes: whole(row[4]),
    memoryUsedBytesMax: whole(row[5]),
    swapUsedBytes: whole(row[6]),
    load1: hundredths(row[7]) ?? 0,
    diskPercent: hundredths(row[8]),
    diskReadBytesPerSecond: hundredths(row[9]) ?? 0,
    diskWriteBytesPerSecond: hundredths(row[10]) ?? 0,
    networkReceivedBytesPerSecond: hundredths(row[11]) ?? 0,
    networkSentBytesPerSecond: hundredths(row[12]) ?? 0,
    containersRunning: hundredths(row[13]),
  };
}

function whole(value: number | null | undefined): number {
  return Math.round(value ?? 0);
}

function hundredths(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Math.round(value * 100) / 100;
}

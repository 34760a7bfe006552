import { minute, quarter, raw, sixHours, type Tier } from './tiers.ts';

/** A gauge with its least, mean and greatest value, in every roll-up. */
interface Gauge {
  /** Column of metrics.samples, and prefix of `_min`, `_avg` and `_max` in the roll-ups. */
  readonly name: string;
  /** Column that counts the samples which had it. */
  readonly weight: 'samples' | 'disk_samples' | 'docker_samples';
}

const gauges: readonly Gauge[] = [
  { name: 'cpu', weight: 'samples' },
  { name: 'load1', weight: 'samples' },
  { name: 'memory_used', weight: 'samples' },
  { name: 'swap_used', weight: 'samples' },
  { name: 'network_received', weight: 'samples' },
  { name: 'network_sent', weight: 'samples' },
  { name: 'disk_read', weight: 'samples' },
  { name: 'disk_written', weight: 'samples' },
  { name: 'disk_percent', weight: 'disk_samples' },
  { name: 'containers_running', weight: 'docker_samples' },
];

const weights = ['samples', 'disk_samples', 'docker_samples'];
const columns = [
  ...weights,
  'memory_total',
  'containers_total',
  ...gauges.flatMap(({ name }) => [`${name}_min`, `${name}_avg`, `${name}_max`]),
];

const fromSamples = [
  'count(*)',
  'count(disk_percent)',
  'count(containers_running)',
  'max(memory_total)',
  'max(containers_total)',
  ...gauges.flatMap(({ name }) => [`min(${name})`, `avg(${name})`, `max(${name})`]),
].join(', ');

const fromRollups = [
  ...weights.map((weight) => `sum(${weight})`),
  'max(memory_total)',
  'max(containers_total)',
  ...gauges.flatMap(({ name, weight }) => [
    `min(${name}_min)`,
    `sum(${name}_avg::float8 * ${weight}) / nullif(sum(${weight}), 0)`,
    `max(${name}_max)`,
  ]),
].join(', ');

const updates = columns.map((column) => `${column} = excluded.${column}`).join(', ');

/** Each roll-up is made of the next finer tier. */
const sources: ReadonlyMap<Tier, Tier> = new Map([
  [minute, raw],
  [quarter, minute],
  [sixHours, quarter],
]);

export function sourceOf(tier: Tier): Tier {
  return sources.get(tier) ?? raw;
}

/**
 * Rolls up buckets anew from all their rows, so that doing it twice changes nothing.
 * @param buckets - a query that yields `server_number`, and `from_at` to `to_at` (exclusive) at bounds of buckets
 */
export function rollUp(tier: Tier, buckets: string): string {
  const source = sourceOf(tier);
  const aggregates = source === raw ? fromSamples : fromRollups;
  return `
INSERT INTO metrics.${tier.table} (server_number, at, ${columns.join(', ')})
SELECT stretch.server_number, bucket.*
FROM (${buckets}) AS stretch,
LATERAL (
  SELECT date_bin('${tier.widthMs} ms', source.at, 'epoch'), ${aggregates}
  FROM metrics.${source.table} AS source
  WHERE source.server_number = stretch.server_number
    AND source.at >= stretch.from_at AND source.at < stretch.to_at
  GROUP BY 1
) AS bucket
ON CONFLICT (server_number, at) DO UPDATE SET ${updates}`;
}

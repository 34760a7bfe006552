const dayMs = 24 * 60 * 60 * 1000;

/** One resolution of history: a table of `metrics`, partitioned by time. */
export interface Tier {
  readonly table: string;
  /** Time that one row stands for, ms. */
  readonly widthMs: number;
  /** Time that one partition holds, ms; partitions begin at multiples of it since 1970. */
  readonly partitionMs: number;
  /** Rows are kept at least this long (ms), and at most a partition longer. */
  readonly retentionMs: number;
}

/** What the agent measured, every 10 s, for a week. */
export const raw: Tier = {
  table: 'samples',
  widthMs: 10_000,
  partitionMs: dayMs,
  retentionMs: 7 * dayMs,
};

/** A minute, for a month. */
export const minute: Tier = {
  table: 'rollup_1m',
  widthMs: 60_000,
  partitionMs: 7 * dayMs,
  retentionMs: 30 * dayMs,
};

/** A quarter of an hour, for half a year. */
export const quarter: Tier = {
  table: 'rollup_15m',
  widthMs: 15 * 60_000,
  partitionMs: 30 * dayMs,
  retentionMs: 180 * dayMs,
};

/** Six hours, for three years. */
export const sixHours: Tier = {
  table: 'rollup_6h',
  widthMs: 6 * 60 * 60_000,
  partitionMs: 365 * dayMs,
  retentionMs: 3 * 365 * dayMs,
};

/** Finest first. */
export const tiers: readonly Tier[] = [raw, minute, quarter, sixHours];

/** The names behind packed samples live and leave with them. */
export const shapes: Omit<Tier, 'widthMs'> = {
  table: 'shapes',
  partitionMs: raw.partitionMs,
  retentionMs: raw.retentionMs,
};

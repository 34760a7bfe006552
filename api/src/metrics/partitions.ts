import type pg from 'pg';
import { shapes, tiers, type Tier } from './tiers.ts';

type Partitioned = Omit<Tier, 'widthMs'>;

const partitioned: readonly Partitioned[] = [...tiers, shapes];

/** Partitions are made this long (ms) before they are needed, so that a night without maintenance costs nothing. */
const aheadMs = 3 * 24 * 60 * 60 * 1000;

/**
 * Making and dropping a partition locks the whole table: it waits for those who read, and makes everyone after it wait.
 * So it gives up early, and the next round tries again.
 */
const lockPatience = '3s';

interface Partition {
  readonly name: string;
  /** ms since 1970 */
  readonly from: number;
  readonly to: number;
}

/**
 * Makes the partitions that samples and roll-ups of now, of what retention still holds, and of the next days need.
 * @param now - ms since 1970
 * @returns the names of those that were missing
 */
export async function createPartitions(pool: pg.Pool, now: number): Promise<string[]> {
  const existing = await partitionNames(pool);
  const missing = partitioned.flatMap((table) =>
    needed(table, now).flatMap(({ name, from, to }) =>
      existing.has(name)
        ? []
        : {
            name,
            sql: `CREATE TABLE IF NOT EXISTS metrics.${name} PARTITION OF metrics.${table.table}
              FOR VALUES FROM ('${isoTime(from)}') TO ('${isoTime(to)}')`,
          },
    ),
  );
  if (missing.length > 0) await withLockPatience(pool, missing.map(({ sql }) => sql).join('; '));
  return missing.map(({ name }) => name);
}

/**
 * Drops partitions all of whose rows are past the retention of their table.
 * @param now - ms since 1970
 * @returns the names of those that were dropped
 */
export async function dropOldPartitions(pool: pg.Pool, now: number): Promise<string[]> {
  const existing = await partitionNames(pool);
  const dropped: string[] = [];
  for (const { table, partitionMs, retentionMs } of partitioned) {
    for (const name of existing) {
      const from = startOf(name, table);
      if (from === undefined || from + partitionMs > now - retentionMs) continue;
      await withLockPatience(pool, `DROP TABLE IF EXISTS metrics.${name}`);
      dropped.push(name);
    }
  }
  return dropped;
}

function needed({ table, partitionMs, retentionMs }: Partitioned, now: number): Partition[] {
  const oldest = Math.floor((now - retentionMs) / partitionMs);
  const newest = Math.floor((now + aheadMs) / partitionMs);
  return Array.from({ length: newest - oldest + 1 }, (_, index) => {
    const from = (oldest + index) * partitionMs;
    return {
      name: `${table}_${isoTime(from).slice(0, 10).replaceAll('-', '')}`,
      from,
      to: from + partitionMs,
    };
  });
}

/** The date in a partition's name, if it is one of that table. */
function startOf(name: string, table: string): number | undefined {
  const date = name.startsWith(`${table}_`) ? name.slice(table.length + 1) : '';
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(date) ?? [];
  return day === undefined ? undefined : Date.UTC(Number(year), Number(month) - 1, Number(day));
}

async function partitionNames(pool: pg.Pool): Promise<Set<string>> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT child.relname AS name FROM pg_inherits
     JOIN pg_class child ON child.oid = inhrelid
     WHERE child.relnamespace = 'metrics'::regnamespace AND child.relkind = 'r'`,
  );
  return new Set(rows.map(({ name }) => name));
}

/** Statements sent together are one transaction. */
async function withLockPatience(pool: pg.Pool, sql: string): Promise<void> {
  await pool.query(`SET LOCAL lock_timeout = '${lockPatience}'; ${sql}`);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

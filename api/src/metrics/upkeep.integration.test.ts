import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { purgeDeleted } from './deleted.ts';
import { createPartitions, dropOldPartitions } from './partitions.ts';
import { bringRollUpsUpTo } from './rollups.ts';
import { addServer, metricsDatabase, storeAll, TestRing, type TestMetricsDatabase } from './testing.ts';
import { shapes, tiers } from './tiers.ts';

const dayMs = 24 * 60 * 60 * 1000;
const tables = [...tiers, shapes];

let database: TestMetricsDatabase;
beforeAll(async () => {
  database = await metricsDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
const pool = () => database.db.pool;

async function partitionsOf(table: string): Promise<string[]> {
  const { rows } = await pool().query<{ name: string }>(
    `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
     WHERE inhparent = $1::regclass ORDER BY 1`,
    [`metrics.${table}`],
  );
  return rows.map(({ name }) => name);
}

const dated = (table: string, at: number) =>
  `${table}_${new Date(at).toISOString().slice(0, 10).replaceAll('-', '')}`;

describe('partitions', () => {
  test('are there for all that is kept, and three days ahead', async () => {
    const now = Date.now();
    for (const { table, partitionMs, retentionMs } of tables) {
      const names = await partitionsOf(table);
      const start = (at: number) => Math.floor(at / partitionMs) * partitionMs;
      expect(names[0]).toBe(dated(table, start(now - retentionMs)));
      expect(names.at(-1)).toBe(dated(table, start(now + 3 * dayMs)));
      expect(names).toHaveLength((start(now + 3 * dayMs) - start(now - retentionMs)) / partitionMs + 1);
    }
  });

  test('are made once', async () => {
    expect(await createPartitions(pool(), Date.now())).toStrictEqual([]);
    expect(await createPartitions(pool(), Date.now() + dayMs)).toContain(
      dated('samples', Date.now() + 4 * dayMs),
    );
  });

  test('are dropped when the last of their rows is past its time, and not before', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing(Date.now() - 20 * dayMs);
    const midnight = Math.floor(Date.now() / dayMs) * dayMs;
    ring.measure(midnight - 5 * dayMs);
    ring.measure(midnight + 1_000);
    await storeAll(database.db, server, ring.samples);
    await bringRollUpsUpTo(pool(), midnight + dayMs);
    const count = async () =>
      (
        await pool().query<{ samples: number; shapes: number; minutes: number }>(
          `SELECT (SELECT count(*)::int FROM metrics.samples) AS samples, (SELECT count(*)::int FROM metrics.shapes) AS shapes,
           (SELECT count(*)::int FROM metrics.rollup_1m) AS minutes`,
        )
      ).rows[0];
    // The older sample is in the partition that ends four days before that midnight.
    const untilThen = midnight - 4 * dayMs + 7 * dayMs;
    await dropOldPartitions(pool(), untilThen - 1);
    expect(await count()).toStrictEqual({ samples: 2, shapes: 2, minutes: 2 });
    expect(await dropOldPartitions(pool(), untilThen)).toStrictEqual([
      dated('samples', midnight - 5 * dayMs),
      dated('shapes', midnight - 5 * dayMs),
    ]);
    expect(await count()).toStrictEqual({ samples: 1, shapes: 1, minutes: 2 });
  });
});

test('nothing is kept of a server that was deleted, and everything of the others', async () => {
  const [gone, stays] = [await addServer(database.db), await addServer(database.db)];
  const now = Date.now();
  for (const server of [gone, stays]) {
    const ring = new TestRing();
    ring.measureFor(20 * 60_000, now);
    await storeAll(database.db, server, ring.samples);
  }
  await bringRollUpsUpTo(pool(), now + 10 * 60_000);
  await database.db.prisma.server.delete({ where: { id: gone.id } });
  expect(await purgeDeleted(pool())).toBe(1);
  expect(await purgeDeleted(pool())).toBe(0);
  for (const table of ['samples', 'shapes', 'cursors', 'rollup_1m']) {
    const { rows } = await pool().query<{ server_number: number }>(
      `SELECT DISTINCT server_number FROM metrics.${table} WHERE server_number = ANY ($1)`,
      [[gone.number, stays.number]],
    );
    expect(rows).toStrictEqual([{ server_number: stays.number }]);
  }
});

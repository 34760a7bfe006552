import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { diskPercentOf, sumOf, type StoredSample } from './sample.ts';
import { bringRollUpsUpTo } from './rollups.ts';
import {
  addServer,
  intervalMs,
  metricsDatabase,
  storeAll,
  TestRing,
  type TestMetricsDatabase,
  type TestServer,
} from './testing.ts';
import { minute, quarter, sixHours, type Tier } from './tiers.ts';

let database: TestMetricsDatabase;
beforeAll(async () => {
  database = await metricsDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const hourMs = 60 * 60_000;

/** The full six hours before the last, so that every tier has whole buckets of it. */
const now = Math.floor(Date.now() / sixHours.widthMs) * sixHours.widthMs;
const pool = () => database.db.pool;

/** As if nothing had been rolled up since that moment. */
beforeEach(async () => {
  await pool().query(
    `UPDATE metrics.rollup_state SET claimed = $1, done_1m = $1, done_15m = $1, done_6h = $1`,
    [new Date(now - 24 * hourMs)],
  );
  await pool().query(
    'TRUNCATE metrics.rollup_1m, metrics.rollup_15m, metrics.rollup_6h, metrics.late_minutes',
  );
});

/** What is rolled up, by name of the gauge; undefined = the sample did not have it. */
const gauges: Readonly<Record<string, (sample: StoredSample) => number | undefined>> = {
  cpu: (sample) => sample.cpuPercent,
  load1: (sample) => sample.load1,
  memory_used: (sample) => sample.memoryUsedBytes,
  swap_used: (sample) => sample.swapUsedBytes,
  network_received: (sample) => sumOf(sample.networks, (network) => network.receivedBytesPerSecond),
  network_sent: (sample) => sumOf(sample.networks, (network) => network.sentBytesPerSecond),
  disk_read: (sample) => sumOf(sample.disks, (disk) => disk.readBytesPerSecond),
  disk_written: (sample) => sumOf(sample.disks, (disk) => disk.writeBytesPerSecond),
  disk_percent: (sample) => diskPercentOf(sample) ?? undefined,
  containers_running: (sample) => sample.containersRunning ?? undefined,
};

/** The tier by the shortest way: every bucket from its samples. */
function bruteForce(tier: Tier, samples: readonly StoredSample[]) {
  const buckets = Map.groupBy(samples, ({ at }) => Math.floor(at / tier.widthMs) * tier.widthMs);
  return [...buckets]
    .toSorted(([a], [b]) => a - b)
    .map(([at, inside]) =>
      Object.fromEntries([
        ['at', new Date(at)],
        ['samples', inside.length],
        ...Object.entries(gauges).flatMap(([name, gauge]) => {
          const values = inside.map(gauge).filter((value) => value !== undefined);
          return rolled(name, values);
        }),
      ]),
    );
}

/** Least, mean and greatest, in the seven digits that are kept of all but bytes. */
function rolled(name: string, values: readonly number[]): [string, unknown][] {
  const stored = name === 'memory_used' || name === 'swap_used' ? (value: number) => value : Math.fround;
  const sum = values.reduce((total, value) => total + value, 0);
  const some = values.length > 0;
  return [
    [`${name}_min`, some ? stored(Math.min(...values)) : null],
    [`${name}_avg`, some ? near(sum / values.length) : null],
    [`${name}_max`, some ? stored(Math.max(...values)) : null],
  ];
}

const columnsOf = (name: string) => [`${name}_min`, `${name}_avg`, `${name}_max`];

/** Within what an average of averages in seven digits can be off. */
function near(value: number): unknown {
  return { asymmetricMatch: (other: number) => Math.abs(other - value) <= Math.abs(value) * 1e-6 };
}

const columns = Object.keys(gauges).flatMap(columnsOf);

async function rolledUp(tier: Tier, server: TestServer): Promise<Record<string, unknown>[]> {
  const { rows } = await pool().query<Record<string, unknown>>(
    `SELECT at, samples, ${columns.map((column) => `${column}::float8`).join(', ')}
     FROM metrics.${tier.table} WHERE server_number = $1 ORDER BY at`,
    [server.number],
  );
  return rows;
}

const tiers = [minute, quarter, sixHours];
const allTiers = async (server: TestServer) => [
  await rolledUp(minute, server),
  await rolledUp(quarter, server),
  await rolledUp(sixHours, server),
];
const allByBruteForce = (samples: readonly StoredSample[]) => tiers.map((tier) => bruteForce(tier, samples));

/** Half a day with an hour of nothing, an hour without Docker, and minutes that have only some of it. */
function halfADay(): TestRing {
  const ring = new TestRing(now - 48 * hourMs);
  for (let at = now - 12 * hourMs + 3_000; at < now; at += intervalMs) {
    const hour = Math.floor((now - at) / hourMs);
    if (hour === 3) continue;
    const docker = hour !== 5 && ring.seq % 7 !== 0;
    ring.measure(at, {
      ...(docker ? {} : { containersRunning: null, containersTotal: null, imagesTotal: null }),
      ...(ring.seq % 11 === 0 ? { mounts: [] } : {}),
    });
  }
  return ring;
}

describe('roll-ups', () => {
  test('equal what the samples give by brute force, in every tier', async () => {
    const server = await addServer(database.db);
    const ring = halfADay();
    await storeAll(database.db, server, ring.samples);
    await bringRollUpsUpTo(pool(), now + 10_000);
    expect(await allTiers(server)).toEqual(allByBruteForce(ring.samples));
  });

  test('change nothing when made again', async () => {
    const server = await addServer(database.db);
    const ring = halfADay();
    await storeAll(database.db, server, ring.samples);
    await bringRollUpsUpTo(pool(), now + 10_000);
    await pool().query('UPDATE metrics.rollup_state SET done_1m = $1, done_15m = $1, done_6h = $1', [
      new Date(now - 24 * hourMs),
    ]);
    await bringRollUpsUpTo(pool(), now + 10_000);
    expect(await allTiers(server)).toEqual(allByBruteForce(ring.samples));
  });

  test('take in an hour that an agent caught up after its minutes were rolled up', async () => {
    const server = await addServer(database.db);
    const ring = halfADay();
    const cutOff = now - 5 * hourMs - 25 * 60_000;
    const caughtUp = (sample: StoredSample) => sample.at >= cutOff;
    await storeAll(
      database.db,
      server,
      ring.samples.filter((sample) => !caughtUp(sample)),
    );
    await bringRollUpsUpTo(pool(), now + 10_000);
    expect(await rolledUp(minute, server)).toHaveLength(
      bruteForce(
        minute,
        ring.samples.filter((sample) => !caughtUp(sample)),
      ).length,
    );
    await storeAll(database.db, server, ring.samples);
    expect(await bringRollUpsUpTo(pool(), now + 10_000)).toMatchObject({
      late: bruteForce(minute, ring.samples.filter(caughtUp)).length,
    });
    expect(await allTiers(server)).toEqual(allByBruteForce(ring.samples));
    const { rows } = await pool().query('SELECT FROM metrics.late_minutes');
    expect(rows).toHaveLength(0);
  });

  test('grow with every quarter of an hour, each tier when its bucket is over', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing(now - 48 * hourMs);
    const begin = now - 6 * hourMs;
    for (let at = begin; at < begin + 32 * 60_000; at += 60_000) {
      const samples = [0, 1, 2].map((index) => ring.measure(at + index * 20_000));
      await storeAll(database.db, server, samples);
      await bringRollUpsUpTo(pool(), at + 60_000 + 10_000);
    }
    const whole = ring.samples.filter(({ at }) => at < begin + 30 * 60_000);
    expect(await rolledUp(minute, server)).toEqual(bruteForce(minute, whole));
    expect(await rolledUp(quarter, server)).toEqual(bruteForce(quarter, whole));
    expect(await rolledUp(sixHours, server)).toEqual([]);
  });

  test('go on where a process died after it claimed minutes', async () => {
    const server = await addServer(database.db);
    const ring = halfADay();
    await storeAll(database.db, server, ring.samples);
    await pool().query('UPDATE metrics.rollup_state SET claimed = $1', [new Date(now)]);
    await bringRollUpsUpTo(pool(), now - hourMs);
    expect(await allTiers(server)).toEqual(allByBruteForce(ring.samples));
  });

  test('are made by one process at a time', async () => {
    const server = await addServer(database.db);
    const ring = halfADay();
    await storeAll(database.db, server, ring.samples);
    const results = await Promise.all([1, 2, 3].map(() => bringRollUpsUpTo(pool(), now + 10_000)));
    expect(results.filter((result) => result !== undefined)).not.toHaveLength(0);
    expect(await allTiers(server)).toEqual(allByBruteForce(ring.samples));
  });

  test('miss nothing that is stored while they are made', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing(now - 48 * hourMs);
    const begin = now - 6 * hourMs;
    let end = begin;
    const rolling = (async () => {
      while (end < begin + hourMs) await bringRollUpsUpTo(pool(), end + 10_000);
    })();
    // Each sample of a minute arrives just as that minute is being claimed.
    for (; end < begin + hourMs; end += 20_000) {
      await storeAll(database.db, server, [ring.measure(end - 1_000)]);
    }
    await rolling;
    await bringRollUpsUpTo(pool(), now + 10_000);
    expect(await allTiers(server)).toEqual(allByBruteForce(ring.samples));
  });
});

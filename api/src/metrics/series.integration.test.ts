import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLatest } from './latest.ts';
import { bringRollUpsUpTo } from './rollups.ts';
import { planSeries, readSeries } from './series.ts';
import { readSparklines } from './sparklines.ts';
import {
  addServer,
  intervalMs,
  metricsDatabase,
  storeAll,
  TestRing,
  type TestMetricsDatabase,
  type TestServer,
} from './testing.ts';
import { minute, quarter, raw, sixHours } from './tiers.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const now = Date.now();

let database: TestMetricsDatabase;
beforeAll(async () => {
  database = await metricsDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const series = (server: TestServer, from: number, to: number, points: number) =>
  readSeries(database.db.pool, server.number, { from, to, points }, now);

/** A server whose CPU is at `cpu(at)`, every 10 s of the stretches given. */
async function measured(
  stretches: readonly (readonly [from: number, to: number])[],
  cpu: (at: number) => number = () => 50,
): Promise<{ server: TestServer; ring: TestRing }> {
  const server = await addServer(database.db);
  const ring = new TestRing(now - 10 * dayMs);
  for (const [from, to] of stretches) {
    for (let at = from; at < to; at += intervalMs) ring.measure(at, { cpuPercent: cpu(at) });
  }
  await storeAll(database.db, server, ring.samples);
  return { server, ring };
}

describe('the plan of a series', () => {
  const plan = (from: number, points: number, to = now) => planSeries({ from, to, points }, now);

  test.each([
    ['a quarter of an hour', now - 15 * minuteMs, 300, raw, intervalMs],
    ['an hour', now - hourMs, 300, raw, intervalMs],
    ['six hours', now - 6 * hourMs, 300, minute, minuteMs],
    ['a day', now - dayMs, 300, minute, 5 * minuteMs],
    ['a week', now - 7 * dayMs, 300, quarter, 30 * minuteMs],
    ['a month', now - 30 * dayMs, 300, quarter, 150 * minuteMs],
    ['half a year', now - 180 * dayMs, 300, sixHours, 12 * hourMs],
    ['three years', now - 3 * 365 * dayMs, 300, sixHours, 90 * hourMs],
  ])('for %s reads the tier that is just fine enough', (_what, from, points, tier, stepMs) => {
    expect(plan(from, points)).toMatchObject({ tier, stepMs });
  });

  test('reads what is still kept, however fine the wish', () => {
    expect(plan(now - 8 * dayMs, 2_000, now - 8 * dayMs + hourMs)).toMatchObject({ tier: minute });
    expect(plan(now - 60 * dayMs, 2_000, now - 60 * dayMs + hourMs)).toMatchObject({ tier: quarter });
    expect(plan(now - 400 * dayMs, 2_000, now - 400 * dayMs + hourMs)).toMatchObject({ tier: sixHours });
    expect(plan(now - 9_999 * dayMs, 10)).toMatchObject({ tier: sixHours });
  });

  test('has about as many steps as asked for', () => {
    for (const points of [2, 10, 100, 300, 1_000, 2_000]) {
      for (const days of [0.1, 1, 3, 10, 30, 90, 365]) {
        const { tier, stepMs } = plan(now - days * dayMs, points);
        const steps = (days * dayMs) / stepMs;
        expect(steps).toBeLessThanOrEqual(Math.max(2, points * 1.5));
        expect(stepMs === tier.widthMs || steps >= points / 2).toBe(true);
      }
    }
  });

  test('puts the same moment into the same step, whenever it is asked for', () => {
    const { from, stepMs } = plan(now - dayMs, 300);
    expect(from % stepMs).toBe(0);
    expect(from).toBeLessThanOrEqual(now - dayMs);
  });
});

describe('a series', () => {
  test('of a short stretch is the samples themselves', async () => {
    const begin = now - 10 * minuteMs;
    const { server, ring } = await measured([[begin, now]]);
    const { stepSeconds, points } = await series(server, begin, now, 300);
    expect(stepSeconds).toBe(10);
    expect(points).toHaveLength(60);
    const [first] = ring.samples;
    expect(points[0]).toMatchObject({
      at: first?.at,
      cpuPercent: 50,
      cpuPercentMax: 50,
      memoryUsedBytes: first?.memoryUsedBytes,
      memoryTotalBytes: first?.memoryTotalBytes,
      swapUsedBytes: first?.swapUsedBytes,
      containersRunning: first?.containersRunning,
      networkReceivedBytesPerSecond: first?.networks[0]?.receivedBytesPerSecond,
    });
  });

  test('leaves gaps as gaps, in every tier', async () => {
    const begin = Math.floor((now - dayMs) / hourMs) * hourMs;
    const gap = [begin + 10 * hourMs, begin + 12 * hourMs] as const;
    const { server } = await measured([
      [begin, gap[0]],
      [gap[1], begin + 24 * hourMs],
    ]);
    await bringRollUpsUpTo(database.db.pool, now + hourMs);
    for (const points of [24, 96, 300, 1_000, 2_000]) {
      const { stepSeconds, points: found } = await series(server, begin, begin + 24 * hourMs, points);
      const inGap = found.filter(({ at }) => at >= gap[0] && at < gap[1]);
      expect(inGap).toStrictEqual([]);
      expect(found).toHaveLength((22 * 3_600) / stepSeconds);
    }
  });

  test('is the mean of each step, with its highest CPU', async () => {
    const begin = Math.floor((now - 5 * hourMs) / hourMs) * hourMs;
    // Ten minutes at 10 %, but the last sample of every minute at 70 %.
    const { server } = await measured([[begin, begin + hourMs]], (at) =>
      at % minuteMs === 50_000 ? 70 : 10,
    );
    await bringRollUpsUpTo(database.db.pool, now + hourMs);
    const { stepSeconds, points } = await series(server, begin, begin + hourMs, 12);
    expect(stepSeconds).toBe(300);
    expect(points).toHaveLength(12);
    for (const point of points) expect(point).toMatchObject({ cpuPercent: 20, cpuPercentMax: 70 });
  });

  test('reaches up to the last sample, whatever is rolled up yet', async () => {
    const begin = Math.floor((now - 20 * hourMs) / hourMs) * hourMs;
    const { server, ring } = await measured([[begin, now]]);
    for (const rolledUpTo of [begin, begin + 7 * hourMs + 20 * minuteMs, now]) {
      await database.db.pool.query(
        'UPDATE metrics.rollup_state SET claimed = $1, done_1m = $1, done_15m = $1, done_6h = $1',
        [new Date(begin)],
      );
      await database.db.pool.query('TRUNCATE metrics.rollup_1m, metrics.rollup_15m, metrics.rollup_6h');
      await bringRollUpsUpTo(database.db.pool, rolledUpTo);
      for (const count of [2, 20, 80, 1_200]) {
        const { stepSeconds, points } = await series(server, begin, now, count);
        const steps = new Set(ring.samples.map(({ at }) => Math.floor(at / 1000 / stepSeconds)));
        expect(points.map(({ at }) => at / 1000 / stepSeconds)).toStrictEqual([...steps]);
      }
    }
  });

  test('of a server that was never there is empty', async () => {
    expect(await series({ id: 'srv_none', number: 99_999 }, now - dayMs, now, 300)).toMatchObject({
      points: [],
    });
  });
});

test('sparklines of many servers are one query, with nothing where nothing was measured', async () => {
  // Late in a step, so that the last one holds samples whenever this runs.
  const end = now - (now % 30_000) - 1_000;
  const begin = end - 15 * minuteMs;
  const busy = await measured([[begin, end]], () => 75);
  const late = await measured([[end - 2 * minuteMs, end]]);
  const silent = await addServer(database.db);
  const lines = await readSparklines(
    database.db.pool,
    [busy, late, { server: silent }].map(({ server }) => server.number),
    end,
  );
  const line = lines.get(busy.server.number);
  expect(line?.cpuPercent).toHaveLength(30);
  expect(line?.cpuPercent.slice(1)).toStrictEqual(Array.from({ length: 29 }, () => 75));
  expect(line?.diskPercent.at(-1)).toBeGreaterThan(44);
  expect(line?.memoryPercent.at(-1)).toBeGreaterThan(0);
  expect(lines.get(late.server.number)?.cpuPercent.slice(0, 25)).toStrictEqual(
    Array.from({ length: 25 }, () => null),
  );
  expect(lines.get(late.server.number)?.cpuPercent.at(-1)).toBe(50);
  expect(lines.get(silent.number)?.cpuPercent).toStrictEqual(Array.from({ length: 30 }, () => null));
});

test('the newest samples of many servers are one query', async () => {
  const servers = await Promise.all([1, 2, 3].map(() => measured([[now - minuteMs, now]])));
  const silent = await addServer(database.db);
  const found = await readLatest(database.db.pool, [
    silent.number,
    ...servers.map(({ server }) => server.number),
  ]);
  expect(new Map(found.map((one) => [one.serverNumber, one.sample]))).toStrictEqual(
    new Map(servers.map(({ server, ring }) => [server.number, ring.samples.at(-1)])),
  );
});

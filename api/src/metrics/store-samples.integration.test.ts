import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cursors } from './cursors.ts';
import { readLatest, readSamples } from './latest.ts';
import type { StoredSample } from './sample.ts';
import {
  addServer,
  metricsDatabase,
  sample,
  storeAll,
  TestRing,
  type StoreOptions,
  type TestMetricsDatabase,
  type TestServer,
} from './testing.ts';

let database: TestMetricsDatabase;
beforeAll(async () => {
  database = await metricsDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const store = (server: TestServer, samples: readonly StoredSample[], options?: StoreOptions) =>
  storeAll(database.db, server, samples, options);

async function stored(server: TestServer) {
  const kept = await readSamples(database.db.pool, server.number, 0, Date.now() + 86_400_000);
  return kept.map((one) => one.sample);
}

const cursor = (server: TestServer) => new Cursors(database.db.pool).read(server.number);
const place = ({ epoch, seq }: StoredSample) => `${epoch} ${seq}`;

describe('a stored sample', () => {
  test('is rebuilt value for value', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing();
    ring.measureFor(60_000);
    await store(server, ring.samples);
    expect(await stored(server)).toStrictEqual(ring.samples);
    // As text as well: nothing hides behind an equality that is too kind.
    expect(JSON.parse(JSON.stringify(await stored(server)))).toStrictEqual(
      JSON.parse(JSON.stringify(ring.samples)),
    );
  });

  test('keeps extreme values, hostile names, and what is not there', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing();
    const most = Number.MAX_SAFE_INTEGER;
    ring.measure(Date.now() - 3, {
      cpuPercent: 100 / 3,
      cpuCores: [0, 100, 0.01, 99.99, Math.PI, 5e-324],
      load1: 1e6,
      load5: 0.1 + 0.2,
      memoryTotalBytes: most,
      memoryUsedBytes: most,
      uptimeSeconds: most,
      mounts: [
        {
          path: `it's "{}", \\ \u0000 \ud800 ✓`,
          device: '',
          fsType: '\n',
          totalBytes: most,
          usedBytes: 0,
          availableBytes: 127,
        },
        { path: '/128', device: 'd', fsType: 'f', totalBytes: 128, usedBytes: 16_384, availableBytes: most },
      ],
      disks: [{ name: 'x', readBytesPerSecond: 2 ** 53, writeBytesPerSecond: 1e-7 }],
      networks: Array.from({ length: 300 }, (_, index) => ({
        name: `veth${index}`,
        receivedBytesPerSecond: index / 100,
        sentBytesPerSecond: index * 1e9 + 0.01,
      })),
      temperatures: [
        { label: 'a', celsius: -273.15 },
        { label: 'a', celsius: 0 },
      ],
    });
    ring.measure(Date.now() - 2, {
      cpuCores: [],
      mounts: [],
      disks: [],
      networks: [],
      temperatures: [],
      containersTotal: null,
      containersRunning: null,
      imagesTotal: null,
    });
    await store(server, ring.samples);
    expect(await stored(server)).toStrictEqual(ring.samples);
  });

  test('keeps the absurd wall time beside the one it is found under', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing();
    const at = Date.now() - 5_000;
    ring.measure(12_345);
    await store(server, ring.samples, { placement: () => ({ at, absurd: true }) });
    expect(await readLatest(database.db.pool, [server.number])).toStrictEqual([
      { serverNumber: server.number, at, sample: ring.samples[0] },
    ]);
  });

  test('may carry any millisecond', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing();
    const now = Date.now();
    for (let index = 0; index < 1_000; index++) ring.measure(now - 1_000 + index);
    await store(server, ring.samples);
    expect((await stored(server)).map(({ at }) => at)).toStrictEqual(ring.samples.map(({ at }) => at));
  });
});

describe('the cursor', () => {
  test('is where the last stored sample stands', async () => {
    const server = await addServer(database.db);
    expect(await cursor(server)).toStrictEqual({ after: null, stale: true });
    const ring = new TestRing();
    const [, , last] = ring.measureFor(30_000);
    await store(server, ring.samples);
    expect(await cursor(server)).toStrictEqual({ after: { epoch: last?.epoch, seq: 2 }, stale: false });
  });

  test('lets nothing in twice, in one batch or in several', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing();
    ring.measureFor(60_000);
    await store(server, [...ring.samples, ...ring.samples]);
    expect(await store(server, ring.samples)).toStrictEqual({ stored: 0, superseded: [] });
    expect(await store(server, [...ring.samples.slice(2), ring.measure()])).toMatchObject({ stored: 1 });
    expect((await stored(server)).map(place)).toStrictEqual(ring.samples.map(place));
  });

  test('lets nothing in twice under another time', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing();
    ring.measureFor(30_000);
    let at = Date.now() - 60_000;
    const placement = () => ({ at: (at += 1_000), absurd: true });
    await store(server, [...ring.samples, ...ring.samples], { placement });
    await store(server, ring.samples, { placement });
    expect(await stored(server)).toHaveLength(3);
  });

  test('does not go back for samples out of order', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing();
    const samples = ring.measureFor(50_000);
    await store(server, samples.slice(0, 2));
    await store(server, samples.slice(2).toReversed());
    expect(await cursor(server)).toMatchObject({ after: { seq: 4 } });
    await store(server, samples);
    expect((await stored(server)).map(place)).toStrictEqual(samples.map(place));
  });

  test('follows the agent through a restart, and knows the epochs before', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing();
    const now = Date.now();
    ring.measureFor(30_000, now - 60_000);
    await store(server, ring.samples);
    ring.measureFor(20_000, now - 40_000);
    ring.restart(now - 35_000);
    ring.measureFor(20_000, now - 20_000);
    ring.restart(now - 15_000);
    ring.measureFor(10_000, now);
    // The whole ring: three epochs, the first of them partly known.
    expect(await store(server, ring.samples)).toMatchObject({ stored: 5 });
    expect(await cursor(server)).toMatchObject({ after: { epoch: ring.epoch, seq: 0 } });
    expect(await store(server, ring.samples)).toMatchObject({ stored: 0 });
    expect((await stored(server)).map(place)).toStrictEqual(ring.samples.map(place));
  });

  test('remembers 64 epochs', async () => {
    const server = await addServer(database.db);
    const ring = new TestRing();
    for (let restarts = 0; restarts < 70; restarts++) {
      await store(server, [ring.measure()]);
      ring.restart();
    }
    const { rows } = await database.db.pool.query(
      'SELECT cardinality(past) AS epochs FROM metrics.cursors WHERE server_number = $1',
      [server.number],
    );
    expect(rows).toStrictEqual([{ epochs: 64 }]);
    expect(await store(server, ring.samples.slice(-65))).toMatchObject({ stored: 0 });
  });
});

describe('only the newest link of a server', () => {
  test('stores; another is named, and keeps nobody else out', async () => {
    const [server, other] = [await addServer(database.db), await addServer(database.db)];
    await database.db.prisma.server.update({ where: { id: server.id }, data: { linkEpoch: 2 } });
    const ring = new TestRing();
    expect(await store(server, [ring.measure()])).toStrictEqual({
      stored: 0,
      superseded: [{ serverNumber: server.number, linkEpoch: 1 }],
    });
    expect(await stored(server)).toStrictEqual([]);
    expect(await cursor(server)).toMatchObject({ after: null });
    expect(await store(server, ring.samples, { linkEpoch: 2 })).toMatchObject({ stored: 1 });
    expect(await store(other, [new TestRing().measure()])).toMatchObject({ stored: 1 });
  });

  test('and nothing for a server that was deleted', async () => {
    const server = await addServer(database.db);
    await database.db.prisma.server.delete({ where: { id: server.id } });
    expect(await store(server, [new TestRing().measure()])).toMatchObject({
      stored: 0,
      superseded: [{ serverNumber: server.number, linkEpoch: 1 }],
    });
  });
});

test('two who store the same at once store it once', async () => {
  const server = await addServer(database.db);
  const ring = new TestRing();
  ring.measureFor(600_000);
  let at = Date.now() - 3_600_000;
  const placement = () => ({ at: (at += 1), absurd: true });
  const results = await Promise.all([1, 2, 3, 4].map(() => store(server, ring.samples, { placement })));
  expect(results.reduce((sum, one) => sum + one.stored, 0)).toBe(60);
  expect(await stored(server)).toHaveLength(60);
});

test('a shape is stored once a day and the same for all its samples', async () => {
  const server = await addServer(database.db);
  const ring = new TestRing();
  const midnight = Date.now() - (Date.now() % 86_400_000);
  ring.measureFor(60_000, midnight - 10_000);
  ring.measureFor(60_000, midnight - 10_000 + 60_000);
  ring.measure(midnight + 60_000, { disks: sample(1).disks.slice(1) });
  await store(server, ring.samples);
  const { rows } = await database.db.pool.query(
    'SELECT count(*)::int AS shapes FROM metrics.shapes WHERE server_number = $1 GROUP BY at ORDER BY at',
    [server.number],
  );
  expect(rows).toStrictEqual([{ shapes: 1 }, { shapes: 2 }]);
});

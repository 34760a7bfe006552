import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, nextItem } from '../../../testing/events.ts';
import { killDatabase, quiet } from '../database/testing.ts';
import { ServerKitError } from '../errors.ts';
import { Topics } from '../live/topics.ts';
import { readSamples } from './latest.ts';
import type { StoredSample } from './sample.ts';
import { Metrics, storedSamples } from './service.ts';
import {
  addServer,
  intervalMs,
  metricsDatabase,
  TestAgents,
  TestLink,
  TestRing,
  type TestMetricsDatabase,
  type TestServer,
} from './testing.ts';

let database: TestMetricsDatabase;
beforeAll(async () => {
  database = await metricsDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

let started: Metrics[] = [];
afterEach(async () => {
  for (const metrics of started) await metrics.stop();
  started = [];
});

async function start(options: { diskFloorBytes?: number } = {}) {
  const agents = new TestAgents();
  const topics = new Topics();
  const metrics = new Metrics({ db: database.db, log: quiet, topics, agents, ...options });
  started.push(metrics);
  await metrics.start();
  return { agents, topics, metrics };
}

const rows = (server: TestServer) => readSamples(database.db.pool, server.number, 0, Date.now() + 86_400_000);

/** What the database holds once it holds as much as the agent's ring: to be that ring, value for value. */
async function stored(server: TestServer, { samples }: TestRing): Promise<StoredSample[]> {
  await eventually(
    async () => (await rows(server)).length >= samples.length,
    `${samples.length} stored samples`,
  );
  return (await rows(server)).map(({ sample }) => sample);
}

const subscribed = (link: TestLink) =>
  eventually(() => link.running.includes('Samples'), 'the subscription to samples');

describe('a linked agent', () => {
  test('has its ring caught up and each new sample stored, value for value', async () => {
    const { agents } = await start();
    const server = await addServer(database.db);
    const ring = new TestRing();
    ring.measureFor(60 * 60_000);
    const link = agents.up(new TestLink(server, ring));
    expect(await stored(server, ring)).toStrictEqual(ring.samples);
    link.measure();
    link.measure();
    expect(await stored(server, ring)).toStrictEqual(ring.samples);
  });

  test('goes on where it stopped, over a new link and a restart', async () => {
    const { agents } = await start();
    const server = await addServer(database.db);
    const ring = new TestRing();
    const now = Date.now();
    ring.measureFor(50_000, now - 120_000);
    const link = agents.up(new TestLink(server, ring));
    expect(await stored(server, ring)).toStrictEqual(ring.samples);
    link.close();
    ring.measureFor(60_000, now - 60_000);
    ring.restart(now - 55_000);
    ring.measureFor(50_000, now);
    await database.db.prisma.server.update({ where: { id: server.id }, data: { linkEpoch: 2 } });
    agents.up(new TestLink(server, ring, 2));
    expect(await stored(server, ring)).toStrictEqual(ring.samples);
  });

  test('is heard by those who listen, before it is stored and only once for what it caught up', async () => {
    const { agents, topics, metrics } = await start();
    const server = await addServer(database.db);
    const ring = new TestRing();
    ring.measureFor(10 * 60_000);
    const heard = topics.subscribe(storedSamples, { channels: [server.id] });
    const link = agents.up(new TestLink(server, ring));
    const first = await nextItem(heard);
    expect(first).toMatchObject({ serverId: server.id, sample: ring.samples.at(-1) });
    const measured = link.measure();
    expect(await nextItem(heard)).toMatchObject({ sample: measured });
    expect(metrics.numbers(server.id)).toMatchObject({ cpuPercent: measured.cpuPercent });
    await heard.return();
  });

  test('without the scope is not asked', async () => {
    const { agents } = await start();
    const [server, other] = [await addServer(database.db), await addServer(database.db)];
    const link = new TestLink(server, new TestRing());
    Object.assign(link, { scopes: new Set(['docker:containers:read']) });
    agents.up(link);
    await subscribed(agents.up(new TestLink(other, new TestRing())));
    expect(link.running).toStrictEqual([]);
  });

  test('that is not the newest of its server stores nothing and is not listened to any more', async () => {
    const { agents } = await start();
    const server = await addServer(database.db);
    const link = agents.up(new TestLink(server, new TestRing()));
    await subscribed(link);
    await database.db.prisma.server.update({ where: { id: server.id }, data: { linkEpoch: 2 } });
    link.measure();
    await eventually(() => link.running.length === 0, 'the end of the stream');
    expect(await rows(server)).toStrictEqual([]);
  });
});

describe('a wall clock three hours off', () => {
  test.each([3, -3])('(%i h) does not move the samples, caught up or new', async (hours) => {
    const { agents } = await start();
    const server = await addServer(database.db);
    const ring = new TestRing();
    ring.skewMs = hours * 3_600_000;
    const now = Date.now();
    ring.measureFor(30 * 60_000, now);
    const link = agents.up(new TestLink(server, ring));
    expect(await stored(server, ring)).toStrictEqual(ring.samples);
    link.measure();
    expect(await stored(server, ring)).toStrictEqual(ring.samples);
    const kept = await rows(server);
    for (const [index, { at }] of kept.slice(0, -1).entries()) {
      expect(Math.abs(at - (now - (179 - index) * intervalMs))).toBeLessThan(60_000);
    }
    const { rows: flags } = await database.db.pool.query<{ flagged: boolean }>(
      'SELECT bool_and(agent_ms IS NOT NULL) AS flagged FROM metrics.samples WHERE server_number = $1',
      [server.number],
    );
    expect(flags).toStrictEqual([{ flagged: true }]);
  });
});

describe('an agent that sends nonsense', () => {
  test.each([
    ['a percentage over 100', { cpuPercent: 100.5 }],
    ['negative bytes', { memoryUsedBytes: -1 }],
    ['a fraction of a byte', { swapUsedBytes: 0.5 }],
    ['too many cores', { cpuCores: Array.from({ length: 3_000 }, () => 1) }],
    [
      'a name without end',
      { disks: [{ name: 'x'.repeat(5_000), readBytesPerSecond: 0, writeBytesPerSecond: 0 }] },
    ],
  ])('(%s) has its stream ended, and nobody else has', async (_what, given) => {
    const { agents } = await start();
    const [server, other] = [await addServer(database.db), await addServer(database.db)];
    const link = agents.up(new TestLink(server, new TestRing()));
    const bystander = agents.up(new TestLink(other, new TestRing()));
    await subscribed(link);
    await subscribed(bystander);
    link.measure(Date.now(), given);
    expect(link.running).toStrictEqual([]);
    expect(link.closed.aborted).toBe(false);
    bystander.measure();
    expect(await stored(other, bystander.ring)).toStrictEqual(bystander.ring.samples);
    expect(await rows(server)).toStrictEqual([]);
  });

  test('faster than any machine measures is cut off', async () => {
    const { agents } = await start();
    const server = await addServer(database.db);
    const link = agents.up(new TestLink(server, new TestRing()));
    await subscribed(link);
    const flood = link.ring.measureFor(10_001 * intervalMs);
    for (let at = 0; at < flood.length; at += 1_000) link.send(flood.slice(at, at + 1_000));
    expect(link.running).toStrictEqual([]);
  });
});

describe('a stream that ends while its link lives', () => {
  test('or never begins, because the agent is too old, harms nobody', async () => {
    const { agents } = await start();
    const [server, other] = [await addServer(database.db), await addServer(database.db)];
    const link = new TestLink(server, new TestRing());
    const tried = Promise.withResolvers<void>();
    link.subscribe = () => {
      tried.resolve();
      throw new ServerKitError('UNSUPPORTED_BY_AGENT', 'too old');
    };
    agents.up(link);
    await tried.promise;
    const bystander = agents.up(new TestLink(other, new TestRing()));
    await subscribed(bystander);
    bystander.measure();
    expect(await stored(other, bystander.ring)).toStrictEqual(bystander.ring.samples);
    link.close();
  });

  test('is opened again and loses nothing', async () => {
    const { agents } = await start();
    const server = await addServer(database.db);
    const link = agents.up(new TestLink(server, new TestRing()));
    await subscribed(link);
    link.measure();
    link.end('Samples', new ServerKitError('AGENT_PROTOCOL_ERROR', 'some failure'));
    link.ring.measure();
    await subscribed(link);
    expect(await stored(server, link.ring)).toStrictEqual(link.ring.samples);
  });
});

describe('a database that takes nothing', () => {
  test('killed in the middle of writing: nothing is lost, nothing is doubled', async () => {
    const { agents, metrics } = await start();
    const servers = await Promise.all(Array.from({ length: 40 }, () => addServer(database.db)));
    const rings = new Map(servers.map((server) => [server, new TestRing()]));
    const links = [...rings].map(([server, ring]) => agents.up(new TestLink(server, ring)));
    for (const link of links) await subscribed(link);
    let killed = 0;
    const now = Date.now();
    for (let round = 0; round < 120; round++) {
      for (const link of links) link.measure(now - (120 - round) * intervalMs);
      // Three moments, differently far into a batch: nothing is waited for here.
      const into = { 20: 0, 60: 7, 100: 19 }[round];
      if (into !== undefined) {
        await sleep(into);
        // On a slow machine the one killed before may not be back yet: there must be one to kill.
        await eventually(() => killDatabase(database.data.path) !== undefined, 'a database to kill', {
          limit: 60_000,
        });
        killed += 1;
      }
      await sleep(10);
    }
    expect(killed).toBe(3);
    await eventually(() => metrics.storing, 'the database to be back', { limit: 60_000 });
    for (const [server, ring] of rings) expect(await stored(server, ring)).toStrictEqual(ring.samples);
  });

  test('is asked to store nothing while its disk is nearly full; streams end and come back', async () => {
    const server = await addServer(database.db);
    const full = await start({ diskFloorBytes: Number.MAX_SAFE_INTEGER });
    const link = full.agents.up(new TestLink(server, new TestRing()));
    link.ring.measure();
    expect(full.metrics.storing).toBe(false);
    expect(link.running).toStrictEqual([]);
    const roomy = await start();
    roomy.agents.up(link);
    expect(await stored(server, link.ring)).toStrictEqual(link.ring.samples);
  });
});

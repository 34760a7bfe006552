import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { GraphQLFailure, type TestClient } from '../../../testing/graphql-client.ts';
import { testApi, type TestApi } from '../graphql/testing.ts';
import { createPartitions } from './partitions.ts';
import { fleetNumbers, liveSamples, storedSamples } from './service.ts';
import { addServer, sample, storeAll, TestRing, type TestServer } from './testing.ts';

const count = 60;
const now = Date.now();
const iso = (at: number) => new Date(at).toISOString();

let api: TestApi;
let viewer: TestClient;
const rings = new Map<TestServer, TestRing>();
beforeAll(async () => {
  api = await testApi();
  viewer = (await api.join('viewer')).client;
  const { db } = api.platform;
  await createPartitions(db.pool, now);
  for (let n = 0; n < count; n++) {
    const ring = new TestRing();
    ring.measureFor(5 * 60_000, now);
    const server = await addServer(db, `server-${n}`);
    await storeAll(db, server, ring.samples);
    rings.set(server, ring);
  }
  // As after a restart: what is newest comes from the database.
  await api.services.metrics.start();
});
afterAll(async () => {
  await api.services.metrics.stop();
  await api[Symbol.asyncDispose]();
});
afterEach(() => vi.restoreAllMocks());

const one = () => [...rings].map(([server, ring]) => ({ server, ring }))[7] ?? expect.unreachable();

const sampleFields = /* GraphQL */ `
  at cpuPercent cpuCores load1 load5 load15 memoryTotalBytes memoryUsedBytes swapTotalBytes swapUsedBytes uptimeSeconds
  diskPercent containersTotal containersRunning imagesTotal
  mounts { path device fsType totalBytes usedBytes availableBytes }
  disks { name readBytesPerSecond writeBytesPerSecond }
  networks { name receivedBytesPerSecond sentBytesPerSecond }
  temperatures { label celsius }
`;

test('a list of servers with newest sample and sparkline asks the database for each only once', async () => {
  const query = vi.spyOn(api.platform.db.pool, 'query');
  const { servers } = await viewer.query<{
    servers: {
      nodes: {
        id: string;
        latestMetrics: Record<string, unknown>;
        sparkline: { cpuPercent: (number | null)[]; stepSeconds: number };
      }[];
    };
  }>(/* GraphQL */ `
    { servers(first: ${count}) { nodes {
      id latestMetrics { at cpuPercent load1 memoryUsedBytes } sparkline { cpuPercent stepSeconds }
    } } }
  `);
  const named = query.mock.calls.flatMap(([asked]: unknown[]) =>
    typeof asked === 'object' && asked !== null && 'name' in asked ? [String(asked.name)] : [],
  );
  expect(named.filter((name) => name.startsWith('metrics-')).toSorted()).toStrictEqual([
    'metrics-latest',
    'metrics-sparklines',
  ]);
  expect(servers.nodes).toHaveLength(count);
  for (const { id, latestMetrics, sparkline } of servers.nodes) {
    const [, ring] = [...rings].find(([server]) => server.id === id) ?? [];
    const newest = ring?.samples.at(-1);
    expect(latestMetrics).toStrictEqual({
      at: iso(newest?.at ?? 0),
      cpuPercent: newest?.cpuPercent,
      load1: newest?.load1,
      memoryUsedBytes: newest?.memoryUsedBytes,
    });
    expect(sparkline.stepSeconds).toBe(30);
    expect(sparkline.cpuPercent.filter((value) => value !== null).length).toBeGreaterThanOrEqual(10);
  }
});

test('every value of a sample is what the agent measured', async () => {
  const { server, ring } = one();
  const { server: found } = await viewer.query<{ server: { latestMetrics: Record<string, unknown> } }>(
    `query ($id: ID!) { server(id: $id) { latestMetrics { ${sampleFields} } } }`,
    { id: server.id },
  );
  const { epoch, seq, monotonicMs, at, ...measured } = ring.samples.at(-1) ?? ring.measure();
  expect([epoch, seq, monotonicMs]).toHaveLength(3);
  expect(found.latestMetrics).toMatchObject({ ...measured, at: iso(at) });
});

describe('history', () => {
  const ask = (server: TestServer, variables: Record<string, unknown>) =>
    viewer.query<{
      server: { metrics: { stepSeconds: number; points: { at: string; cpuPercent: number }[] } };
    }>(
      /* GraphQL */ `
        query ($id: ID!, $from: DateTime!, $to: DateTime!, $points: Int! = 300) {
          server(id: $id) {
            metrics(from: $from, to: $to, points: $points) {
              stepSeconds
              points {
                at
                cpuPercent
                cpuPercentMax
                memoryUsedBytes
                networkSentBytesPerSecond
              }
            }
          }
        }
      `,
      { id: server.id, ...variables },
    );

  test('comes as points', async () => {
    const { server, ring } = one();
    const found = await ask(server, { from: iso(now - 10 * 60_000), to: iso(now + 1_000) });
    expect(found.server.metrics.stepSeconds).toBe(10);
    expect(found.server.metrics.points.map(({ at, cpuPercent }) => ({ at, cpuPercent }))).toStrictEqual(
      ring.samples.map(({ at, cpuPercent }) => ({ at: iso(at), cpuPercent })),
    );
  });

  test.each([
    ['backwards', { from: iso(now), to: iso(now - 1) }],
    ['of no length', { from: iso(now), to: iso(now) }],
    ['in one point', { from: iso(now - 1_000), to: iso(now), points: 1 }],
    ['in more points than are given', { from: iso(now - 1_000), to: iso(now), points: 2_001 }],
  ])('%s is refused', async (_what, variables) => {
    const refusal = await ask(one().server, variables).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(GraphQLFailure);
    expect(refusal).toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('a subscription', () => {
  test('to one server begins with what is known, and goes on every second', async () => {
    const { server } = one();
    const { metrics, topics } = api.services;
    const known = sample(41);
    const seen = { serverId: server.id, at: known.at, sample: known };
    vi.spyOn(metrics, 'sample').mockReturnValue(seen);
    await using subscription = viewer.subscribe<{
      serverMetrics: { serverId: string; sample: Record<string, unknown> };
    }>(
      `subscription ($ids: [ID!]) { serverMetrics(serverIds: $ids) { serverId sample { ${sampleFields} } } }`,
      {
        ids: [server.id],
      },
    );
    const { at, monotonicMs, ...first } = known;
    expect(monotonicMs).toBe(0);
    expect((await subscription.next()).serverMetrics).toMatchObject({
      serverId: server.id,
      sample: { ...first, at: iso(at) },
    });
    const next = sample(42);
    topics.publish(liveSamples, { serverId: server.id, at: next.at, sample: next });
    expect((await subscription.next()).serverMetrics.sample).toMatchObject({ cpuPercent: next.cpuPercent });
  });

  test('to all servers follows the samples of every ten seconds', async () => {
    const { topics } = api.services;
    await using subscription = viewer.subscribe<{ serverMetrics: { serverId: string } }>(
      'subscription { serverMetrics { serverId } }',
    );
    await eventually(() => topics.watched(storedSamples), 'the samples to be watched');
    topics.publish(storedSamples, { serverId: one().server.id, at: now, sample: sample(1) });
    expect((await subscription.next()).serverMetrics).toStrictEqual({ serverId: one().server.id });
  });

  test('to the fleet begins with all servers, then tells what changed', async () => {
    const { topics } = api.services;
    await using subscription = viewer.subscribe<{
      fleetMetrics: { items: { serverId: string; memoryPercent: number; diskPercent: number }[] };
    }>(
      'subscription { fleetMetrics { items { serverId at cpuPercent memoryPercent diskPercent containersTotal } } }',
    );
    const { items } = (await subscription.next()).fleetMetrics;
    expect(new Set(items.map(({ serverId }) => serverId))).toStrictEqual(
      new Set([...rings.keys()].map(({ id }) => id)),
    );
    const [changed] = api.services.metrics.allNumbers();
    topics.publish(fleetNumbers, { items: changed ? [changed] : [] });
    const next = (await subscription.next()).fleetMetrics.items;
    expect(next.map(({ serverId }) => serverId)).toStrictEqual([changed?.serverId]);
  });
});

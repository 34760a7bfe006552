import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { nextItem } from '../../../testing/events.ts';
import { limited, unlimited, type Rights } from '../access/rights.ts';
import { containerChanges, type ServerContainers } from '../containers/mirror.ts';
import { seen } from '../containers/testing.ts';
import type { Database } from '../database/database.ts';
import {
  openReleaseDatabase,
  quiet,
  testDataDirectory,
  type TestDataDirectory,
} from '../database/testing.ts';
import { newId } from '../ids.ts';
import { Topics } from '../live/topics.ts';
import { storedSamples, type Measured, type ServerNumbers } from '../metrics/service.ts';
import { sample } from '../metrics/testing.ts';
import { serverChanges } from '../servers/events.ts';
import { updatePolicyChanges } from '../updates/events.ts';
import { Overview, type FleetOverview } from './service.ts';

const everyone = unlimited(new Set(['servers:read' as const]));

let data: TestDataDirectory;
let db: Database;
beforeAll(async () => {
  data = await testDataDirectory();
  db = await openReleaseDatabase(data);
});
afterAll(async () => {
  await db.close();
  await data[Symbol.asyncDispose]();
});

let topics: Topics;
let overview: Overview;
let samples: Map<string, Measured>;
let containers: Map<string, ServerContainers>;
let failedUpdates: { name: string; at: Date }[];
beforeEach(async () => {
  await db.prisma.server.deleteMany();
  topics = new Topics();
  samples = new Map();
  containers = new Map();
  failedUpdates = [];
});
afterEach(() => overview.stop());

async function start(): Promise<void> {
  overview = new Overview({
    db,
    log: quiet,
    topics,
    metrics: { sample: (id) => samples.get(id), numbers: (id) => numbersOf(samples.get(id)) },
    mirror: { peek: (id) => containers.get(id) },
    updates: { failed: () => failedUpdates },
  });
  await overview.start();
}

async function* watch(rights: Rights, signal: AbortSignal): AsyncGenerator<FleetOverview, undefined> {
  for await (const { overview: told } of overview.follow(rights, signal)) yield told;
}

function numbersOf(measured: Measured | undefined): ServerNumbers | undefined {
  return (
    measured && {
      serverId: measured.serverId,
      at: measured.at,
      cpuPercent: measured.sample.cpuPercent,
      memoryPercent: 50,
      diskPercent: null,
      containersRunning: null,
      containersTotal: null,
    }
  );
}

async function server(name: string, connection = 'online', maintenance = false): Promise<string> {
  const id = newId('server');
  await db.prisma.server.create({
    data: { id, name, connection, maintenance, permissionProfile: 'docker_manager' },
  });
  return id;
}

/** Resolves when those who listen have had their turn. */
async function measure(serverId: string, cpuPercent: number, at = Date.now()): Promise<void> {
  const measured = { serverId, at, sample: sample(1, { cpuPercent, memoryUsedBytes: 1 }) };
  samples.set(serverId, measured);
  topics.publish(storedSamples, measured);
  await turn();
}

function seeContainers(serverId: string, running: number, exited: number): void {
  const one = (index: number, state: 'RUNNING' | 'EXITED') =>
    seen(index, { id: `${state}${index}`, name: `${state}${index}`, state });
  const list = [
    ...Array.from({ length: running }, (_, index) => one(index, 'RUNNING')),
    ...Array.from({ length: exited }, (_, index) => one(index, 'EXITED')),
  ];
  const known = {
    containers: new Map(list.map((container) => [container.id, container])),
    docker: { available: true, version: null, apiVersion: null, storageDriver: null, error: null },
    observedAt: new Date(),
    live: true,
  };
  containers.set(serverId, known);
  topics.publish(containerChanges, {
    serverId,
    kind: 'SNAPSHOT',
    containers: list,
    removedIds: [],
    docker: known.docker,
    observedAt: known.observedAt,
  });
}

test('the fleet is counted by status, with means over those online', async () => {
  const [a, b] = [await server('a'), await server('b')];
  await server('c', 'offline');
  await server('d', 'pending');
  await server('e', 'online', true);
  await server('f', 'error', true);
  await start();
  await measure(a, 10);
  await measure(b, 30.04);
  seeContainers(a, 3, 1);
  seeContainers(b, 2, 0);
  expect(overview.now(everyone)).toMatchObject({
    serversTotal: 6,
    online: 2,
    offline: 1,
    pending: 1,
    maintenance: 1,
    error: 1,
    connecting: 0,
    containersRunning: 5,
    containersTotal: 6,
    meanCpuPercent: 20,
    meanMemoryPercent: 50,
  });
});

test('problems of the whole fleet come worst first, as soon as it starts', async () => {
  await server('late', 'offline');
  await server('broken', 'error');
  await start();
  const { problems, problemsTotal } = overview.now(everyone);
  expect(problems.map(({ code, serverName }) => `${serverName} ${code}`)).toStrictEqual([
    'broken AGENT_ERROR',
    'late AGENT_OFFLINE',
  ]);
  expect(problemsTotal).toBe(2);
});

test('those who watch hear of what changed, and of nothing else', async () => {
  const id = await server('a');
  await start();
  const watching = new AbortController();
  const watcher = watch(everyone, watching.signal);
  expect(await nextItem(watcher)).toMatchObject({ online: 1, problems: [] });
  await db.prisma.server.update({ where: { id }, data: { connection: 'offline' } });
  topics.publish(serverChanges, { serverId: id, kind: 'STATUS' });
  expect(await nextItem(watcher)).toMatchObject({
    online: 0,
    offline: 1,
    problems: [{ code: 'AGENT_OFFLINE' }],
  });
  await db.prisma.server.delete({ where: { id } });
  topics.publish(serverChanges, { serverId: id, kind: 'DELETED' });
  expect(await nextItem(watcher)).toMatchObject({ serversTotal: 0, problems: [] });
  watching.abort();
});

test('an update that failed is told when its policy says so', async () => {
  const id = await server('a');
  await start();
  const changes = topics.subscribe(serverChanges);
  failedUpdates = [{ name: 'shop', at: new Date() }];
  topics.publish(updatePolicyChanges, { serverId: id, policyId: 'upd_a', kind: 'FAILED' });
  expect(await nextItem(changes)).toStrictEqual({ serverId: id, kind: 'STATUS' });
  expect(overview.problems(id)).toMatchObject([{ code: 'UPDATE_FAILED', subject: 'shop' }]);
  await changes.return();
});

test('who sees some servers only is told of those, and of nothing that happens elsewhere', async () => {
  const [mine, other] = [await server('mine'), await server('other')];
  await start();
  seeContainers(other, 3, 0);
  const rights = limited({
    anywhere: new Set(['servers:read'] as const),
    servers: new Map([[mine, new Set(['servers:read'] as const)]]),
    now: () => rights,
  });
  expect(overview.now(rights)).toMatchObject({ serversTotal: 1, online: 1, containersTotal: 0 });
  const watching = new AbortController();
  const watcher = watch(rights, watching.signal);
  expect(await nextItem(watcher)).toMatchObject({ serversTotal: 1 });
  await db.prisma.server.update({ where: { id: other }, data: { connection: 'offline' } });
  topics.publish(serverChanges, { serverId: other, kind: 'STATUS' });
  const everything = new AbortController();
  await nextItem(watch(everyone, everything.signal), ({ offline }) => offline === 1);
  // For everyone these two cancel each other out; for this one the second is all there is.
  await db.prisma.server.update({ where: { id: other }, data: { connection: 'online' } });
  await db.prisma.server.update({ where: { id: mine }, data: { connection: 'offline' } });
  for (const serverId of [mine, other]) topics.publish(serverChanges, { serverId, kind: 'STATUS' });
  const { problems, ...told } = await nextItem(watcher);
  expect(told).toMatchObject({ serversTotal: 1, online: 0, offline: 1, problemsTotal: 1 });
  expect(problems.map(({ serverId }) => serverId)).toEqual([mine]);
  watching.abort();
  everything.abort();
});

test('who changes something sees it in the next answer', async () => {
  await start();
  const id = await server('new', 'offline');
  topics.publish(serverChanges, { serverId: id, kind: 'CREATED' });
  await turn();
  await overview.upToDate();
  expect(overview.now(everyone)).toMatchObject({ serversTotal: 1, problemsTotal: 1 });
  expect(overview.problems(id)).toMatchObject([{ code: 'AGENT_OFFLINE', serverName: 'new' }]);
});

test('a server whose problems change is told to have changed', async () => {
  const id = await server('a');
  await start();
  const changes = topics.subscribe(serverChanges);
  const begin = Date.now() - 10 * 60_000;
  for (let at = begin; at <= Date.now(); at += 10_000) await measure(id, 99, at);
  expect(await nextItem(changes)).toStrictEqual({ serverId: id, kind: 'STATUS' });
  expect(overview.problems(id)).toMatchObject([{ code: 'CPU_HIGH', since: new Date(begin) }]);
  await measure(id, 5);
  expect(await nextItem(changes)).toStrictEqual({ serverId: id, kind: 'STATUS' });
  expect(overview.problems(id)).toStrictEqual([]);
  await changes.return();
});

import { expect, test } from 'vitest';
import { apply, watchContainers, type WatchedContainer } from './containers.ts';
import { createClient } from './node.ts';
import { testApi } from './testing.ts';

type Event = Parameters<typeof apply>[1];
type Container = Event['containers'][number];

function container(id: string, name = id): Container {
  return {
    id,
    name,
    image: 'debian',
    imageId: 'sha256:0',
    command: 'sh',
    state: 'RUNNING',
    status: 'Up 1 second',
    health: null,
    exitCode: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    observedAt: '2026-01-01T00:00:00.000Z',
    cpuPercent: null,
    memoryBytes: null,
    memoryLimitBytes: null,
    networks: [],
    labels: [],
    ports: [],
  };
}

const event = (
  kind: Event['kind'],
  serverId: string,
  containers: Container[],
  removedIds: string[] = [],
): Event => ({
  kind,
  serverId,
  containers,
  removedIds,
  observedAt: '2026-01-01T00:00:00.000Z',
  docker: null,
});

const names = (list: Iterable<WatchedContainer>) =>
  [...list].map(({ serverId, name }) => `${serverId}/${name}`);

test('a snapshot is all there is of its server, a delta what is different', () => {
  const known = new Map<string, WatchedContainer>();
  apply(known, event('SNAPSHOT', 'srv_1', [container('a'), container('b')]));
  apply(known, event('SNAPSHOT', 'srv_2', [container('a', 'twin')]));
  expect(names(known.values())).toEqual(['srv_1/a', 'srv_1/b', 'srv_2/twin']);

  const delta = apply(known, event('DELTA', 'srv_1', [container('c')], ['a', 'unheard of']));
  expect([names(delta?.changed ?? []), names(delta?.removed ?? [])]).toEqual([['srv_1/c'], ['srv_1/a']]);

  const again = apply(known, event('SNAPSHOT', 'srv_1', [container('c')]));
  expect(names(again?.removed ?? [])).toEqual(['srv_1/b']);
  expect(names(known.values())).toEqual(['srv_2/twin', 'srv_1/c']);
  expect(apply(known, event('DOCKER', 'srv_1', []))).toBeUndefined();
});

test('after a lost connection the snapshot says what is gone', async () => {
  await using api = await testApi();
  const changes = watchContainers(createClient({ url: api.url, reconnect: { maxDelayMs: 1 } }), {
    serverId: 'srv_1',
  });
  const first = changes.next();
  const before = await api.subscription();
  before.next({ data: { containerEvents: event('SNAPSHOT', 'srv_1', [container('a'), container('b')]) } });
  expect(await first).toMatchObject({ value: { snapshot: true, changed: [{ id: 'a' }, { id: 'b' }] } });
  before.socket.ws.terminate();
  const next = changes.next();
  (await api.subscription()).next({
    data: { containerEvents: event('SNAPSHOT', 'srv_1', [container('b')]) },
  });
  const { value } = await next;
  expect(names(value?.removed ?? [])).toEqual(['srv_1/a']);
  expect(names(value?.containers.values() ?? [])).toEqual(['srv_1/b']);
  await changes.return?.();
});

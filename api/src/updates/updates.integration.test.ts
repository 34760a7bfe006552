import { afterAll, beforeEach, beforeAll, describe, expect, test } from 'vitest';
import { accessWorld, codeOf } from '../access/testing.ts';
import type { TestClient } from '../../../testing/graphql-client.ts';
import { eventually } from '../../../testing/events.ts';
import type { TestPerson } from '../graphql/testing.ts';
import { updatePolicyChanges } from './events.ts';

type World = Awaited<ReturnType<typeof accessWorld>>;

const fields = 'id serverId kind name mode hold setBy window { days from to timeZone }';
const window = { days: [6, 7], from: '22:00', to: '04:00', timeZone: 'Europe/Paris' };

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly hold: string | null;
}

let world: World;
beforeAll(async () => {
  world = await accessWorld();
});
afterAll(() => world.api[Symbol.asyncDispose]());

let serverId = '';
let operator: TestPerson;
beforeEach(async () => {
  serverId = await world.addServer('web');
  operator = await world.api.join('operator');
});

const set = (client: TestClient, input: object) =>
  client.answer<{ setUpdatePolicy: { policy: Shown } }>(
    `mutation ($input: SetUpdatePolicyInput!) { setUpdatePolicy(input: $input) { policy { ${fields} } } }`,
    { input: { serverId, stack: 'shop', mode: 'APPLY', window, ...input } },
  );
const list = async (client: TestClient, serverIds = [serverId]) =>
  (
    await client.query<{ updatePolicies: Shown[] }>(
      `query ($serverIds: [ID!]) { updatePolicies(serverIds: $serverIds) { ${fields} } }`,
      { serverIds },
    )
  ).updatePolicies;
const about = (field: string, policyId: string, client = operator.client) =>
  client.answer(
    `mutation ($input: ${field.charAt(0).toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { __typename } }`,
    { input: { serverId, policyId } },
  );
const idOf = async (client: TestClient, input: object = {}): Promise<string> => {
  const { data, errors } = await set(client, input);
  if (!data) throw new Error(JSON.stringify(errors));
  return data.setUpdatePolicy.policy.id;
};
const recorded = (action: string) =>
  world.api.platform.db.prisma.auditEvent.findMany({ where: { action, serverId }, orderBy: { id: 'asc' } });
const tick = () => world.api.services.updates.conductor.tick(AbortSignal.timeout(30_000));
const hold = async () => (await list(world.admin))[0]?.hold;

test('is set once for each stack, in place of the one before, and removed, on record', async () => {
  const id = await idOf(operator.client);
  expect(await idOf(operator.client, { mode: 'NOTIFY' })).toBe(id);
  expect(await list(operator.client)).toMatchObject([
    {
      id,
      serverId,
      kind: 'STACK',
      name: 'shop',
      mode: 'NOTIFY',
      window,
      setBy: `${operator.userId}@example.com`,
    },
  ]);
  expect(await recorded('updatePolicy.set')).toMatchObject([
    { actorId: operator.userId, targetId: 'shop', parameters: { mode: 'apply' } },
    { actorId: operator.userId, targetId: 'shop', parameters: { mode: 'notify' } },
  ]);
  expect(codeOf(await about('removeUpdatePolicy', id))).toBeUndefined();
  expect(await list(operator.client)).toEqual([]);
  expect(await recorded('updatePolicy.remove')).toHaveLength(1);
  expect(codeOf(await about('removeUpdatePolicy', id))).toBe('NOT_FOUND');
});

test('is told of as it changes, to those who see the server', async () => {
  await using events = world.admin.subscribe<{ updatePolicyEvents: { kind: string; policy: Shown | null } }>(
    'subscription { updatePolicyEvents { kind policy { name } } }',
  );
  const { topics } = world.api.services;
  await eventually(() => topics.watched(updatePolicyChanges, serverId), 'the subscription');
  const id = await idOf(operator.client);
  expect(await events.next(({ updatePolicyEvents: { kind } }) => kind === 'SET', 'its begin')).toMatchObject({
    updatePolicyEvents: { policy: { name: 'shop' } },
  });
  await about('removeUpdatePolicy', id);
  expect(
    await events.next(({ updatePolicyEvents: { kind } }) => kind === 'REMOVED', 'its end'),
  ).toMatchObject({
    updatePolicyEvents: { policy: null },
  });
});

describe('is refused', () => {
  test.each([
    [{ window: { ...window, days: [] } }],
    [{ window: { ...window, from: '25:00' } }],
    [{ window: { ...window, timeZone: 'Europe/Atlantis' } }],
    [{ stack: 'Shop' }],
    [{ stack: null }],
    [{ containerId: 'web' }],
    [{ healthTimeoutSeconds: 0 }],
  ])('with %o', async (wrong) => {
    expect(codeOf(await set(operator.client, wrong))).toBe('INPUT_INVALID');
  });

  test('to a viewer, and to whoever lacks what it would take to apply', async () => {
    const viewer = await world.api.join('viewer');
    expect(codeOf(await set(viewer.client, {}))).toBe('PERMISSION_DENIED');
    const scopes = ['servers:read', 'docker:images:read', 'docker:images:write', 'docker:containers:read'];
    const program = await world.program(operator, { scopes });
    expect(codeOf(await set(program, { mode: 'NOTIFY' }))).toBe('PERMISSION_DENIED');
    const id = await idOf(operator.client);
    for (const field of ['removeUpdatePolicy', 'checkForUpdates', 'applyUpdate']) {
      expect(codeOf(await about(field, id, viewer.client))).toBe('PERMISSION_DENIED');
      expect(codeOf(await about(field, id, program))).toBe('PERMISSION_DENIED');
    }
  });

  test('on a server that is not seen', async () => {
    const limited = await world.limited('operator');
    await world.grant(limited, { serverId: await world.addServer('other'), scopes: ['*'] });
    expect(codeOf(await set(limited.client, {}))).toBe('NOT_FOUND');
    await idOf(operator.client);
    expect(await list(limited.client)).toEqual([]);
  });

  test('under the name of another server', async () => {
    const id = await idOf(operator.client);
    serverId = await world.addServer('other');
    expect(codeOf(await about('removeUpdatePolicy', id))).toBe('NOT_FOUND');
  });
});

describe('set with an API token', () => {
  const scopes = ['servers:read', 'docker:images:*', 'docker:compose:*', 'docker:containers:read'];

  test.each([
    ['was revoked', { revokedAt: new Date() }],
    ['has expired', { expiresAt: new Date(0) }],
    ['is worth less', { scopes: ['servers:read', 'docker:images:*', 'docker:containers:read'] }],
  ])('stops once that %s, on record, and goes on when a person sets it again', async (_what, data) => {
    await idOf(await world.program(operator, { scopes }));
    await tick();
    // There is no agent.
    expect(await hold()).toBe('OFFLINE');
    const { apiToken } = world.api.platform.db.prisma;
    await apiToken.updateMany({ where: { userId: operator.userId }, data });
    await tick();
    await tick();
    expect(await hold()).toBe('TOKEN');
    await world.api.services.audit.flush();
    expect(await recorded('updatePolicy.run')).toMatchObject([{ outcome: 'refused', count: 1 }]);
    await idOf(operator.client);
    await tick();
    expect(await hold()).toBe('OFFLINE');
  });

  test('does not count as a use of it when it is looked at', async () => {
    await idOf(await world.program(operator, { scopes }));
    const { apiToken } = world.api.platform.db.prisma;
    await apiToken.updateMany({ where: { userId: operator.userId }, data: { lastUsedAt: new Date(0) } });
    await tick();
    const [token] = await apiToken.findMany({ where: { userId: operator.userId } });
    expect(token?.lastUsedAt).toEqual(new Date(0));
  });
});

test('asks a person for a fresh sign-in before it applies anything without them', async () => {
  await world.api.platform.db.prisma.session.update({
    where: { id: operator.sessionId },
    data: { freshAt: new Date(Date.now() - 3_600_000) },
  });
  expect(codeOf(await set(operator.client, { mode: 'APPLY' }))).toBe('FRESH_SIGN_IN_REQUIRED');
  expect(codeOf(await set(operator.client, { mode: 'NOTIFY' }))).toBeUndefined();
});

test('tells what its job said to those alone who may read that', async () => {
  const id = await idOf(operator.client);
  const attempt = {
    newer: [],
    at: new Date(),
    jobId: null,
    state: 'failed',
    reason: 'bad value hunter2',
  } as const;
  await world.api.services.updates.store.note(id, { attempt });
  const viewer = await world.api.join('viewer');
  const document = 'query ($ids: [ID!]) { updatePolicies(serverIds: $ids) { attempt { state reason } } }';
  const tell = (client: TestClient) => client.query(document, { ids: [serverId] });
  expect(await tell(operator.client)).toEqual({
    updatePolicies: [{ attempt: { state: 'FAILED', reason: 'bad value hunter2' } }],
  });
  expect(await tell(viewer.client)).toEqual({
    updatePolicies: [{ attempt: { state: 'FAILED', reason: null } }],
  });
});

test('of another container by the same name knows nothing of the one before', async () => {
  const { store } = world.api.services.updates;
  const choice = {
    serverId,
    kind: 'container',
    name: 'web',
    compose: 'shop/web/1',
    mode: 'apply',
    window,
    healthTimeoutSeconds: 60,
    ownerId: operator.userId,
    ownerLabel: 'x',
    tokenId: null,
    scopes: [],
  } as const;
  const by = { kind: 'system', label: 'test' } as const;
  const alone = (): void => undefined;
  const { id } = await store.set(choice, by, alone);
  const newer = [{ reference: 'web:1', digest: 'sha256:2' }];
  const attempt = { newer, at: new Date(), jobId: null, state: 'failed', reason: 'x' } as const;
  await store.note(id, { newer, attempt, noticedAt: new Date(), failures: 2 });
  expect(await store.set(choice, by, alone)).toMatchObject({ id, newer, attempt: { state: 'failed' } });
  expect(await store.set({ ...choice, compose: null }, by, alone)).toMatchObject({
    id,
    newer: [],
    attempt: null,
    noticedAt: null,
    failures: 0,
  });
});

test('of two that exclude each other, set at the same moment, there is one', async () => {
  const { store } = world.api.services.updates;
  const by = { kind: 'system', label: 'test' } as const;
  const base = { serverId, compose: null, mode: 'apply', window, healthTimeoutSeconds: 60 } as const;
  const owner = { ownerId: operator.userId, ownerLabel: 'x', tokenId: null, scopes: [] } as const;
  const alone = (others: readonly unknown[]): void => {
    if (others.length > 0) throw new Error('not alone');
  };
  const ends = await Promise.allSettled(
    (['stack', 'container'] as const).map((kind) =>
      store.set({ ...base, ...owner, kind, name: kind }, by, alone),
    ),
  );
  expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

describe('runs with what its owner may do', () => {
  test('and says so when they are disabled, once on record, until they are back', async () => {
    await idOf(operator.client);
    await tick();
    // There is no agent.
    expect(await hold()).toBe('OFFLINE');
    const { user } = world.api.platform.db.prisma;
    await user.update({ where: { id: operator.userId }, data: { disabledAt: new Date() } });
    await tick();
    await tick();
    expect(await hold()).toBe('OWNER');
    await world.api.services.audit.flush();
    expect(await recorded('updatePolicy.run')).toMatchObject([
      { outcome: 'refused', code: 'PERMISSION_DENIED', count: 1, targetId: 'shop' },
    ]);
    await user.update({ where: { id: operator.userId }, data: { disabledAt: null } });
    await tick();
    expect(await hold()).toBe('OFFLINE');
  });

  test('on the servers that they may do it on, and not once they are gone', async () => {
    const limited = await world.limited('operator');
    const grantId = await world.grant(limited, { serverId, scopes: ['docker:*'] });
    await idOf(limited.client);
    await tick();
    expect(await hold()).toBe('OFFLINE');
    await world.revoke(grantId);
    await tick();
    expect(await hold()).toBe('OWNER');
    await world.grant(limited, { serverId, scopes: ['docker:*'] });
    await tick();
    expect(await hold()).toBe('OFFLINE');
    await world.api.platform.db.prisma.user.delete({ where: { id: limited.userId } });
    await tick();
    expect(await hold()).toBe('OWNER');
  });

  test('and no more than the program held that set it', async () => {
    const program = await world.program(operator, {
      scopes: ['servers:read', 'docker:images:*', 'docker:compose:*', 'docker:containers:read'],
    });
    const id = await idOf(program);
    expect(world.api.services.updates.store.get(id)?.scopes.toSorted()).toEqual([
      'docker:compose:read',
      'docker:compose:write',
      'docker:containers:read',
      'docker:images:read',
      'docker:images:write',
    ]);
  });
});

test('waits while somebody works on the server', async () => {
  await idOf(operator.client);
  const { server } = world.api.platform.db.prisma;
  await server.update({ where: { id: serverId }, data: { maintenance: true } });
  await tick();
  expect(await hold()).toBe('MAINTENANCE');
});

test('goes with its server', async () => {
  const id = await idOf(operator.client);
  await world.api.platform.db.prisma.server.delete({ where: { id: serverId } });
  await tick();
  expect(world.api.services.updates.store.get(id)).toBeUndefined();
});

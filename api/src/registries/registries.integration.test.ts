import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestClient } from '../../../testing/graphql-client.ts';
import { accessWorld, codeOf } from '../access/testing.ts';
import type { HandOver } from './service.ts';

const { api, boss: admin, addServer, addGroup, move, limited, grant, program } = await accessWorld();
afterAll(() => api[Symbol.asyncDispose]());

let [mine, other] = ['', ''];
let group = '';
beforeAll(async () => {
  [mine, other] = [await addServer('mine'), await addServer('other')];
  group = await addGroup('outer');
});

const onto = (serverId: string): HandOver => ({
  serverId,
  actor: { kind: 'system', label: 'a test' },
  purpose: 'image.pull',
});
const authFor = (reference: string, serverId = mine) =>
  api.services.registries.authFor(reference, onto(serverId));

interface Answered {
  readonly id: string;
  readonly host: string;
  readonly username: string;
}

const create = async (
  host: string,
  {
    password = 'correct horse',
    client = admin.client,
    places = { everywhere: true },
  }: { readonly password?: string; readonly client?: TestClient; readonly places?: object } = {},
) =>
  client.answer<{ createRegistry: { registry: Answered } }>(
    'mutation C($input: CreateRegistryInput!) { createRegistry(input: $input) { registry { id host username } } }',
    { input: { host, username: 'ada', password, places } },
  );
const idOf = async (host: string): Promise<string> =>
  (await create(host)).data?.createRegistry.registry.id ?? '';

test('credentials are found by the host of a reference, whatever case and name it was given in', async () => {
  await create('Index.Docker.io', { password: 'hub' });
  await create('Registry.Example:5000', { password: 'own' });
  const auth = { username: 'ada' };
  expect(await authFor('registry.example:5000/team/app:1')).toEqual({
    ...auth,
    password: 'own',
    serverAddress: 'registry.example:5000',
  });
  for (const reference of ['nginx', 'team/app:1', 'docker.io/library/nginx']) {
    expect(await authFor(reference)).toEqual({
      ...auth,
      password: 'hub',
      serverAddress: 'https://index.docker.io/v1/',
    });
  }
  expect(await authFor('registry.example/team/app')).toBeNull();
  expect(await authFor('not a reference')).toBeNull();
});

test('the password is in no answer, no record and no column as it is', async () => {
  const secret = 'hunter2-hunter2';
  const made = await create('secret.example', { password: secret });
  const update = await admin.client.answer(
    'mutation U($input: UpdateRegistryInput!) { updateRegistry(input: $input) { registry { id host username updatedAt } } }',
    {
      input: {
        registryId: made.data?.createRegistry.registry.id,
        username: 'bob',
        password: `${secret}-new`,
      },
    },
  );
  const list = await admin.client.query('{ registries { id host username createdAt updatedAt } }');
  const { prisma } = api.platform.db;
  const rows = await prisma.registry.findMany();
  const events = await prisma.auditEvent.findMany({ where: { targetKind: 'registry' } });
  expect(events.map(({ action }) => action)).toContain('registry.update');
  const stored = rows.map(({ sealedPassword }) => Buffer.from(sealedPassword).toString('latin1'));
  const everything = JSON.stringify([made, update, list, rows, events], (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  expect(everything + stored.join()).not.toContain(secret);
  expect(await authFor('secret.example/app')).toMatchObject({
    username: 'bob',
    password: `${secret}-new`,
  });
});

test('a password that was moved to another host in the database does not open', async () => {
  const id = await idOf('moved.example');
  await api.platform.db.prisma.registry.update({ where: { id }, data: { host: 'thief.example' } });
  await expect(authFor('thief.example/app')).rejects.toThrow(/cannot be opened/);
});

test('there is one for each host, and none after it was deleted', async () => {
  const id = await idOf('once.example');
  expect(codeOf(await create('ONCE.example'))).toBe('CONFLICT');
  const remove = `mutation { deleteRegistry(input: { registryId: "${id}" }) { deletedRegistryId } }`;
  expect(await admin.client.query(remove)).toEqual({ deleteRegistry: { deletedRegistryId: id } });
  expect(codeOf(await admin.client.answer(remove))).toBe('NOT_FOUND');
  expect(await authFor('once.example/app')).toBeNull();
});

test.each(['https://ghcr.io', 'ghcr.io/team', 'a b', '', 'user@host', '../x'])(
  '%j is no host',
  async (host) => {
    expect(codeOf(await create(host))).toBe('INPUT_INVALID');
  },
);

test('those who only look, and operators, keep none', async () => {
  for (const role of ['viewer', 'operator'] as const) {
    const person = await api.join(role);
    expect(codeOf(await create('denied.example', { client: person.client }))).toBe('PERMISSION_DENIED');
    expect(await person.client.query('{ registries { host } }')).toBeDefined();
  }
});

describe('the servers that get a password', () => {
  const change = (registryId: string, input: object) =>
    admin.client.answer(
      'mutation U($input: UpdateRegistryInput!) { updateRegistry(input: $input) { registry { updatedAt everywhere serverIds groupIds } } }',
      { input: { registryId, ...input } },
    );
  const reached = async (host: string) => {
    const servers = [mine, other];
    const auths = await Promise.all(servers.map((server) => authFor(`${host}/app`, server)));
    return servers.filter((_server, index) => auths[index] !== null);
  };
  const seenBy = async (client: TestClient) => {
    const { registries } = await client.query<{ registries: (Answered & object)[] }>(
      '{ registries { host everywhere serverIds groupIds } }',
    );
    return registries;
  };

  test('are named, and no other gets it', async () => {
    const made = await create('some.example', { places: { serverIds: [mine] } });
    expect(await reached('some.example')).toEqual([mine]);
    const id = made.data?.createRegistry.registry.id ?? '';
    const before = await api.platform.db.prisma.registry.findUniqueOrThrow({ where: { id } });
    const { data } = await change(id, { places: { serverIds: [other] } });
    expect(data).toEqual({
      updateRegistry: {
        registry: {
          updatedAt: before.updatedAt.toISOString(),
          everywhere: false,
          serverIds: [other],
          groupIds: [],
        },
      },
    });
    expect(await reached('some.example')).toEqual([other]);
    expect(await authFor('some.example/app', other)).toMatchObject({ password: 'correct horse' });
    await change(id, { password: 'another' });
    expect(await authFor('some.example/app', other)).toMatchObject({ password: 'another' });
    expect(await authFor('some.example/app')).toBeNull();
  });

  test('are those of a group and the groups below it, as long as they are in it', async () => {
    await create('group.example', { places: { groupIds: [group] } });
    expect(await reached('group.example')).toEqual([]);
    await move([mine], await addGroup('inner', group));
    expect(await reached('group.example')).toEqual([mine]);
    await move([mine], null);
    expect(await reached('group.example')).toEqual([]);
  });

  test('are not made more by moving servers: that takes what handing out the password takes', async () => {
    const [within, lone] = [await addGroup('with a password'), await addGroup('lone')];
    const id = (await create('moved-to.example', { places: { groupIds: [within] } })).data?.createRegistry
      .registry.id;
    const mover = await program(admin, { scopes: ['servers:read', 'servers:write'] });
    const nest = (client: TestClient) =>
      client.answer(
        'mutation M($input: UpdateServerGroupInput!) { updateServerGroup(input: $input) { group { id } } }',
        { input: { groupId: lone, parentId: within } },
      );
    expect(codeOf(await move([other], within, mover))).toBe('PERMISSION_DENIED');
    expect(codeOf(await move([other], lone, mover))).toBeUndefined();
    expect(codeOf(await nest(mover))).toBe('PERMISSION_DENIED');
    expect(await reached('moved-to.example')).toEqual([]);
    const keeper = await program(admin, {
      scopes: ['servers:read', 'servers:write', 'settings:write', 'docker:images:write'],
    });
    expect(codeOf(await nest(keeper))).toBeUndefined();
    expect(await reached('moved-to.example')).toEqual([other]);
    await admin.client.query(
      `mutation { deleteRegistry(input: { registryId: "${id}" }) { deletedRegistryId } }`,
    );
    await move([other], null);
  });

  test('have to be chosen, and be there', async () => {
    for (const places of [{}, { everywhere: true, serverIds: [mine] }]) {
      expect(codeOf(await create('unsaid.example', { places }))).toBe('INPUT_INVALID');
    }
    for (const places of [{ serverIds: ['srv_none'] }, { groupIds: ['grp_none'] }]) {
      expect(codeOf(await create('unsaid.example', { places }))).toBe('NOT_FOUND');
    }
  });

  test('are chosen by those only who may pull there', async () => {
    const settings = await program(admin, { scopes: ['settings:write', 'docker:images:read'] });
    expect(codeOf(await create('given.example', { client: settings }))).toBe('PERMISSION_DENIED');
    const places = { serverIds: [mine] };
    expect(codeOf(await create('given.example', { client: settings, places }))).toBe('PERMISSION_DENIED');
  });

  test('are on record each time that they get it, and it is not tested from any other', async () => {
    const id = (await create('audited.example', { places: { serverIds: [mine] } })).data?.createRegistry
      .registry.id;
    await api.services.registries.authsFor(['audited.example/a', 'audited.example/b'], onto(mine));
    await authFor('audited.example/a', other);
    const handed = await api.platform.db.prisma.auditEvent.findMany({
      where: { action: 'registry.hand-over', targetId: id ?? '' },
      select: { serverId: true, targetName: true, parameters: true },
    });
    expect(handed).toEqual([
      { serverId: mine, targetName: 'audited.example', parameters: { purpose: 'image.pull' } },
    ]);
    const check = (serverId: string) =>
      admin.client.answer(
        'mutation C($input: CheckRegistryInput!) { checkRegistry(input: $input) { accepted } }',
        { input: { registryId: id, serverId } },
      );
    expect(codeOf(await check(other))).toBe('CONFLICT');
    expect(codeOf(await check(mine))).toBe('AGENT_OFFLINE');
  });

  test('are all that somebody limited to some of them is told', async () => {
    const hidden = await addServer('hidden');
    await create('both.example', { places: { serverIds: [hidden, mine], groupIds: [group] } });
    await create('hidden.example', { places: { serverIds: [hidden] } });
    const person = await limited('viewer');
    await grant(person, { serverId: mine });
    const seen = await seenBy(person.client);
    expect(seen.map(({ host }) => host)).not.toContain('hidden.example');
    expect(seen).toContainEqual({ host: 'both.example', everywhere: false, serverIds: [mine], groupIds: [] });
    const all = await seenBy(admin.client);
    expect(all.map(({ host }) => host)).toContain('hidden.example');
    await api.platform.db.prisma.server.delete({ where: { id: hidden } });
    expect(await seenBy(admin.client)).toContainEqual({
      host: 'hidden.example',
      everywhere: false,
      serverIds: [],
      groupIds: [],
    });
  });
});

test('a sign-in from long ago is asked for its password again', async () => {
  await api.platform.db.prisma.session.update({
    where: { id: admin.sessionId },
    data: { freshAt: new Date(Date.now() - 3_600_000) },
  });
  expect(codeOf(await create('stale.example'))).toBe('FRESH_SIGN_IN_REQUIRED');
});

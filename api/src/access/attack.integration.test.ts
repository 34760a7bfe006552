import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually, within } from '../../../testing/events.ts';
import type { TestClient } from '../../../testing/graphql-client.ts';
import { newId } from '../ids.ts';
import { containerChanges } from '../containers/service.ts';
import { serverChanges } from '../servers/events.ts';
import { accessWorld, codeOf, serversOf, type TestResult } from './testing.ts';

const { api, boss, admin, documents, addServer, addGroup, move, limited, grant, grantTo, revoke, program } =
  await accessWorld();
afterAll(() => api[Symbol.asyncDispose]());

const { prisma } = api.platform.db;
/** Handing out rights, and nothing that is held on servers but looking at them. */
const handsOut = ['users:read', 'users:write', 'servers:read', 'audit:read'];

let [mine, other, group, inner] = ['', '', '', ''];
beforeEach(async () => {
  [mine, other] = [await addServer('mine'), await addServer('other')];
  group = await addGroup('outer');
  inner = await addGroup('inner', group);
});

const nest = (groupId: string, parentId: string, client: TestClient) =>
  client.answer(
    'mutation M($input: UpdateServerGroupInput!) { updateServerGroup(input: $input) { group { id } } }',
    { input: { groupId, parentId } },
  );

describe('nobody gives more than they hold:', () => {
  test('a program that hands out rights gives none that it lacks, nor touches who has them', async () => {
    const narrow = await program(boss, { scopes: handsOut });
    const [viewer, operator] = [await limited('viewer'), await limited('operator')];
    const held = await grant(operator, { serverId: mine });
    const setAll = (userId: string) =>
      narrow.answer(documents.setUserAccess, { input: { userId, access: 'ALL' } });
    // A viewer may read containers and metrics, which the program may not.
    expect(codeOf(await grantTo(viewer.userId, { serverId: mine }, narrow))).toBe('PERMISSION_DENIED');
    expect(codeOf(await setAll(viewer.userId))).toBe('PERMISSION_DENIED');
    expect(codeOf(await setAll(operator.userId))).toBe('PERMISSION_DENIED');
    expect(
      codeOf(
        await narrow.answer(`mutation { revokeGrant(input: { grantId: "${held}" }) { revokedGrantId } }`),
      ),
    ).toBe('PERMISSION_DENIED');
    expect(await prisma.accessGrant.count({ where: { userId: viewer.userId } })).toBe(0);
    await api.services.audit.flush();
    const refused = await prisma.auditEvent.findMany({
      where: { targetId: viewer.userId, outcome: 'refused' },
      select: { action: true, code: true },
    });
    expect(refused).toContainEqual({ action: 'grant.give', code: 'PERMISSION_DENIED' });
  });

  test('a grant beyond the role of its holder gives no more than the role', async () => {
    const person = await limited('viewer');
    await grant(person, { serverId: mine, scopes: ['*', 'docker:containers:exec'] });
    const { data } = await person.client.answer<{ server: { id: string } }>(
      'query Q($id: ID!) { server(id: $id) { id } }',
      { id: mine },
    );
    expect(data?.server.id).toBe(mine);
    const stop = await person.client.answer(
      `mutation { stopContainer(input: { serverId: "${mine}", containerId: "web" }) { clientMutationId } }`,
    );
    expect(stop.errors).toBeDefined();
    expect(
      api.services.access
        .rightsOf({
          role: 'viewer',
          access: 'granted',
          grants: [{ serverId: mine, groupId: null, scopes: ['*', 'docker:containers:exec'] }],
        })
        .on(mine)
        .has('docker:containers:write'),
    ).toBe(false);
  });

  test('servers and groups are not moved to where others get more on them than the mover holds', async () => {
    const mover = await program(boss, { scopes: ['servers:read', 'servers:write'] });
    await grant(await limited('operator'), { groupId: group });
    const lone = await addGroup('lone');
    expect(codeOf(await move([mine], inner, mover))).toBe('PERMISSION_DENIED');
    expect(codeOf(await nest(lone, inner, mover))).toBe('PERMISSION_DENIED');
    expect(codeOf(await move([mine], lone, mover))).toBeUndefined();
    expect(codeOf(await nest(lone, inner, admin))).toBeUndefined();
    expect(codeOf(await move([other], lone, mover))).toBe('PERMISSION_DENIED');
    await api.services.audit.flush();
    const refused = await prisma.auditEvent.findMany({
      where: { outcome: 'refused', action: { in: ['server.move', 'group.update'] }, targetId: inner },
      select: { action: true, code: true },
      orderBy: { action: 'asc' },
    });
    expect(refused).toEqual([
      { action: 'group.update', code: 'PERMISSION_DENIED' },
      { action: 'server.move', code: 'PERMISSION_DENIED' },
    ]);
  });

  test('nor to where a program gets more on them, though its owner holds that everywhere', async () => {
    const mover = await program(boss, { scopes: ['servers:read', 'servers:write'] });
    await program(boss, { scopes: ['servers:read'], groupIds: [group] });
    expect(codeOf(await move([mine], inner, mover))).toBeUndefined();
    await program(boss, { scopes: ['docker:containers:exec'], groupIds: [group] });
    expect(codeOf(await move([other], inner, mover))).toBe('PERMISSION_DENIED');
    await prisma.apiToken.updateMany({
      data: { revokedAt: new Date() },
      where: { groupIds: { has: group } },
    });
    expect(codeOf(await move([other], inner, mover))).toBeUndefined();
  });

  test('who is limited changes neither groups nor people, whatever the grant says', async () => {
    const { client, userId } = await (async () => {
      const person = await limited('operator');
      await grant(person, { groupId: group, scopes: ['*', 'users:write', 'servers:write'] });
      await move([mine], inner);
      return person;
    })();
    expect(codeOf(await move([mine], null, client))).toBe('PERMISSION_DENIED');
    expect(codeOf(await nest(inner, await addGroup('x'), client))).toBe('PERMISSION_DENIED');
    expect(codeOf(await grantTo(userId, { serverId: other }, client))).toBe('PERMISSION_DENIED');
    expect(codeOf(await client.answer('{ grants { nodes { id } } }'))).toBe('PERMISSION_DENIED');
    expect(await serversOf(client)).toEqual([mine]);
  });
});

describe('a token', () => {
  test('is never wider than its owner, whatever it names', async () => {
    const owner = await limited('operator');
    const held = await grant(owner, { groupId: group });
    await move([mine], inner);
    const wide = await program(owner, { scopes: ['*'] });
    expect(await serversOf(wide)).toEqual([mine]);
    const named = await program(owner, { scopes: ['servers:read'], serverIds: [mine], groupIds: [inner] });
    expect(await serversOf(named)).toEqual([mine]);
    for (const places of [{ serverIds: [other] }, { groupIds: [await addGroup('unseen')] }]) {
      const input = { name: 'x', scopes: ['servers:read'], ...places };
      expect(codeOf(await owner.client.answer(documents.createApiToken, { input }))).toBe('NOT_FOUND');
    }
    await revoke(held);
    for (const client of [wide, named]) {
      expect(codeOf(await client.answer('{ servers { totalCount } }'))).toBe('PERMISSION_DENIED');
    }
  });

  test('for a group sees its servers and those of the groups in it, and what it follows ends when one leaves', async () => {
    await move([mine], inner);
    const second = await addServer('second');
    await move([second], group);
    const client = await program(boss, {
      scopes: ['servers:read', 'docker:containers:read'],
      groupIds: [group],
    });
    expect(await serversOf(client)).toEqual([mine, second].toSorted());
    await using events = client.subscribe<{ serverEvents: object }>(
      'subscription { serverEvents { kind serverId } }',
    );
    await using containers = client.subscribe<object>(
      `subscription { containerEvents(serverId: "${mine}") { kind } }`,
    );
    await eventually(() => {
      const { topics } = api.services;
      return topics.watched(serverChanges) && topics.watched(containerChanges, mine);
    }, 'both subscriptions to be open');
    await move([mine], null);
    const gone = events.next();
    await expect(within(containers.next(), 'the end of what it followed', 25_000)).rejects.toThrow(
      /NOT_FOUND|PERMISSION_DENIED/,
    );
    expect(await within(gone, 'the news', 25_000)).toEqual({
      serverEvents: { kind: 'DELETED', serverId: mine },
    });
    expect(await serversOf(client)).toEqual([second]);
  });
});

describe('what is hidden', () => {
  const bulks = (ids: readonly string[]): readonly [string, object][] => [
    [
      'mutation M($input: TagServersInput!) { tagServers(input: $input) { target ok error { code message } } }',
      { serverIds: ids, add: ['x'] },
    ],
    [
      'mutation M($input: BulkServersInput!) { bulkServers(input: $input) { target ok error { code message } } }',
      { serverIds: ids, action: 'DELETE' },
    ],
    [
      'mutation M($input: BulkServersInput!) { bulkServers(input: $input) { target ok error { code message } } }',
      { serverIds: ids, action: 'RESTART_AGENT' },
    ],
    [
      'mutation M($input: BulkContainersInput!) { bulkContainers(input: $input) { target ok error { code message } } }',
      { action: 'STOP', targets: ids.map((serverId) => ({ serverId, containerId: 'web' })) },
    ],
  ];

  test('answers in bulk as what does not exist, and is not named', async () => {
    const person = await limited('operator');
    await grant(person, { serverId: mine });
    const absent = newId('server');
    for (const [document, input] of bulks([other, absent])) {
      const answer = await person.client.answer<
        Record<string, (TestResult & { error: { message: string } })[]>
      >(document, { input });
      const [hidden, missing] = Object.values(answer.data ?? {})[0] ?? [];
      expect(hidden?.error?.code).toBe('NOT_FOUND');
      expect(hidden?.error?.message.replace(other, '')).toBe(missing?.error?.message.replace(absent, ''));
      expect(JSON.stringify(answer)).not.toContain('other srv_');
    }
    expect(await prisma.server.findUniqueOrThrow({ where: { id: other } })).toMatchObject({
      tags: [`tag ${other}`],
    });
  });

  test('is not named to who follows the groups, when a server goes where they may not look', async () => {
    const person = await limited('viewer');
    await grant(person, { groupId: group });
    await move([mine, other], inner);
    const secret = await addGroup('secret');
    await using groups = person.client.subscribe<{ serverGroups: { id: string; name: string }[] }>(
      'subscription { serverGroups { id name } }',
    );
    expect((await groups.next()).serverGroups).toHaveLength(2);
    const told: string[] = [];
    // There and back, so that the news of one change meets the rights of the other.
    for (const to of [secret, inner, secret, inner, secret]) await move([mine], to);
    await move([other], null);
    for (let seen = 2; seen > 0;) {
      const { serverGroups } = await groups.next();
      seen = serverGroups.length;
      told.push(...serverGroups.map(({ name }) => name));
    }
    expect(told.filter((name) => name.startsWith('secret'))).toEqual([]);
  });

  test('is found by no filter, group or sort', async () => {
    const person = await limited('viewer');
    await grant(person, { serverId: mine });
    await move([other], inner);
    const find = async (args: string) =>
      (await person.client.query<{ servers: object }>(`{ servers(${args}) { totalCount nodes { id } } }`))
        .servers;
    for (const args of [
      `filter: { text: "other" }`,
      `filter: { groupId: "${group}" }`,
      `filter: { tags: ["tag ${other}"] }`,
    ]) {
      expect(await find(args)).toEqual({ totalCount: 0, nodes: [] });
    }
    expect(await find('sort: { field: CPU, direction: DESC }')).toEqual({
      totalCount: 1,
      nodes: [{ id: mine }],
    });
    expect(await person.client.query('{ serverGroups { name } }')).toEqual({ serverGroups: [] });
  });
});

import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { accessWorld, codeOf, type TestResult } from '../access/testing.ts';
import { newId } from '../ids.ts';

const { api, boss, admin, addServer, addGroup, move, limited, grant, revoke, program } = await accessWorld();
afterAll(() => api[Symbol.asyncDispose]());

let [mine, other, group, inner] = ['', '', '', ''];
beforeEach(async () => {
  [mine, other] = [await addServer('mine'), await addServer('other')];
  group = await addGroup('outer');
  inner = await addGroup('inner', group);
});

describe('bulk changes', () => {
  test('answer for each target by itself, and check each', async () => {
    const person = await limited('operator');
    await grant(person, { serverId: mine });
    const bulk = await person.client.query(
      `mutation M($targets: [ContainerTarget!]!) {
        bulkContainers(input: { action: STOP, targets: $targets }) { target ok error { code } }
      }`,
      { targets: [mine, other].map((serverId) => ({ serverId, containerId: 'web' })) },
    );
    expect(bulk).toEqual({
      bulkContainers: [
        { target: `${mine}/web`, ok: false, error: { code: 'AGENT_OFFLINE' } },
        { target: `${other}/web`, ok: false, error: { code: 'NOT_FOUND' } },
      ],
    });
    const tagged = await person.client.query(
      'mutation M($input: TagServersInput!) { tagServers(input: $input) { target ok error { code } } }',
      { input: { serverIds: [mine, other], add: ['x'], remove: [`tag ${mine}`] } },
    );
    expect(tagged).toEqual({
      tagServers: [
        { target: mine, ok: true, error: null },
        { target: other, ok: false, error: { code: 'NOT_FOUND' } },
      ],
    });
    const { prisma } = api.platform.db;
    expect((await prisma.server.findUniqueOrThrow({ where: { id: mine } })).tags).toEqual(['x']);
    expect((await prisma.server.findUniqueOrThrow({ where: { id: other } })).tags).toEqual([`tag ${other}`]);
  });

  test('take the volumes of containers along for those only who may remove volumes', async () => {
    const remover = await program(boss, {
      scopes: ['servers:read', 'docker:containers:read', 'docker:containers:write'],
    });
    const targets = [{ serverId: mine, containerId: 'web' }];
    const bulk = (removeVolumes: boolean) =>
      remover.query(
        'mutation M($input: BulkContainersInput!) { bulkContainers(input: $input) { error { code } } }',
        { input: { action: 'REMOVE', targets, removeVolumes } },
      );
    const one = (removeVolumes: boolean) =>
      remover.answer(
        'mutation M($input: RemoveContainerInput!) { removeContainer(input: $input) { removedContainerId } }',
        { input: { ...targets[0], removeVolumes } },
      );
    expect(await bulk(true)).toEqual({ bulkContainers: [{ error: { code: 'PERMISSION_DENIED' } }] });
    expect(await bulk(false)).toEqual({ bulkContainers: [{ error: { code: 'AGENT_OFFLINE' } }] });
    expect(codeOf(await one(true))).toBe('PERMISSION_DENIED');
    expect(codeOf(await one(false))).toBe('AGENT_OFFLINE');
  });

  test('take what a filter finds among the servers that are seen', async () => {
    const person = await limited('operator');
    await grant(person, { groupId: group });
    await move([mine], inner);
    const tag = (input: object) =>
      person.client.answer(
        'mutation M($input: TagServersInput!) { tagServers(input: $input) { target ok } }',
        {
          input: { add: ['found'], ...input },
        },
      );
    expect((await tag({ filter: { groupId: group } })).data).toEqual({
      tagServers: [{ target: mine, ok: true }],
    });
    expect((await tag({ filter: { tags: [`tag ${other}`] } })).data).toEqual({ tagServers: [] });
    expect((await tag({ filter: { tags: ['found'] } })).data).toEqual({
      tagServers: [{ target: mine, ok: true }],
    });
    for (const input of [{}, { filter: {}, serverIds: [mine] }]) {
      expect(codeOf(await tag(input))).toBe('INPUT_INVALID');
    }
  });

  test.each([{}, { text: ' ', tags: [] }])(
    'delete nothing by a filter that says nothing: %j',
    async (filter) => {
      const run = (name: string, input: object) =>
        admin.answer(
          `mutation M($input: ${name}Input!) { ${name[0]?.toLowerCase()}${name.slice(1)}(input: $input) { ok } }`,
          {
            input,
          },
        );
      expect(codeOf(await run('BulkServers', { action: 'DELETE', filter }))).toBe('INPUT_INVALID');
      expect(codeOf(await run('BulkContainers', { action: 'REMOVE', filter: { servers: filter } }))).toBe(
        'INPUT_INVALID',
      );
      expect(await api.services.servers.find(mine)).not.toBeNull();
      expect(
        codeOf(await run('BulkServers', { action: 'DELETE', filter: { tags: [`tag ${mine}`] } })),
      ).toBeUndefined();
      expect(await api.services.servers.find(mine)).toBeNull();
    },
  );

  test('stop where a grant is taken away while they run', async () => {
    const person = await limited('operator');
    const id = await grant(person, { serverId: mine });
    const second = await addServer('second');
    await grant(person, { serverId: second });
    const { servers } = api.services;
    const tagged: string[] = [];
    const begun = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    using spy = vi.spyOn(servers, 'tag').mockImplementation(async (serverId) => {
      tagged.push(serverId);
      begun.resolve();
      await gone.promise;
    });
    // 32 run at once: the one that is asked for last begins when rights have changed.
    const many = await Promise.all(Array.from({ length: 32 }, (_, n) => addServer(`many ${n}`)));
    for (const serverId of many) await grant(person, { serverId });
    const running = person.client.query<{ tagServers: TestResult[] }>(
      'mutation M($ids: [ID!]!) { tagServers(input: { serverIds: $ids, add: ["x"] }) { target ok error { code } } }',
      { ids: [...many, mine, second] },
    );
    await begun.promise;
    await eventually(() => tagged.length === 32, 'all places to be taken');
    await revoke(id);
    gone.resolve();
    const { tagServers } = await running;
    expect(tagServers.slice(-2)).toEqual([
      { target: mine, ok: false, error: { code: 'NOT_FOUND' } },
      { target: second, ok: true, error: null },
    ]);
    expect(tagged).not.toContain(mine);
    expect(spy).toHaveBeenCalledTimes(33);
  });

  test('leave out what is not there, and keep to their number', async () => {
    const gone = newId('server');
    const { data } = await move([mine, gone], group);
    expect(data?.moveServers.map(({ ok }) => ok)).toEqual([true, false]);
    const many = Array.from({ length: 501 }, () => newId('server'));
    expect(codeOf(await move(many, group))).toBe('INPUT_INVALID');
    const deleted = await admin.query(
      'mutation M($ids: [ID!]!) { bulkServers(input: { action: DELETE, serverIds: $ids }) { target ok } }',
      { ids: [mine, mine] },
    );
    expect(deleted).toEqual({ bulkServers: [{ target: mine, ok: true }] });
  });
});

import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { newId } from '../ids.ts';
import { dig, rawSocket, subscribeMessage, type RawSocket } from '../live/testing.ts';
import { serverChanges } from '../servers/events.ts';
import { accessWorld, codeOf, serversOf } from './testing.ts';

const { api, admin, addServer, addGroup, move, limited, grant, revoke, program } = await accessWorld();
afterAll(() => api[Symbol.asyncDispose]());

let [mine, other, group, inner] = ['', '', '', ''];

beforeEach(async () => {
  [mine, other] = [await addServer('mine'), await addServer('other')];
  group = await addGroup('outer');
  inner = await addGroup('inner', group);
});

test('the groups of a page of servers are worked out once, and not for each server', async () => {
  const ids = await Promise.all(Array.from({ length: 10 }, (_, n) => addServer(`many ${n}`)));
  await move(ids, inner);
  const { placement } = api.services.access;
  const looks = vi.spyOn(placement, 'chainOf');
  const { servers } = await admin.query<{ servers: { nodes: { group: { id: string } | null }[] } }>(
    '{ servers(first: 200) { nodes { group { id serverCount } } } }',
  );
  expect(servers.nodes.filter(({ group: one }) => one?.id === inner)).toHaveLength(10);
  expect(looks.mock.calls.length).toBeLessThanOrEqual(placement.groupOf.size);
  looks.mockRestore();
});

describe('someone limited to grants', () => {
  test('without one may do nothing that needs a scope', async () => {
    const { client } = await limited('operator');
    expect(codeOf(await client.answer('{ servers { totalCount } }'))).toBe('PERMISSION_DENIED');
    expect(codeOf(await client.answer('{ viewer { scopes } }'))).toBeUndefined();
  });

  test('sees the servers of the grants, and the others are not there', async () => {
    const person = await limited('operator');
    await grant(person, { serverId: mine });
    const { client } = person;
    expect(await serversOf(client)).toEqual([mine]);
    const seen = await client.query(
      `query Q($a: ID!, $b: ID!) {
        servers { totalCount } serverTags fleetOverview { serversTotal } containers { totalCount }
        mine: server(id: $a) { id } other: server(id: $b) { id }
        nodeMine: node(id: $a) { id } nodeOther: node(id: $b) { id }
      }`,
      { a: mine, b: other },
    );
    expect(seen).toMatchObject({
      servers: { totalCount: 1 },
      serverTags: [`tag ${mine}`],
      mine: { id: mine },
      other: null,
      nodeMine: { id: mine },
      nodeOther: null,
      containers: { totalCount: 0 },
    });
  });

  test('is told the same of a server that is hidden and of one that does not exist', async () => {
    const person = await limited('operator');
    await grant(person, { serverId: mine });
    const ask = (id: string) =>
      person.client.answer(`mutation { deleteServer(input: { serverId: "${id}" }) { deletedServerId } }`);
    const ping = (id: string) =>
      person.client.answer(`mutation { pingServer(input: { serverId: "${id}" }) { roundTripMs } }`);
    for (const call of [ask, ping]) {
      const [hidden, absent] = [await call(other), await call(newId('server'))];
      expect(codeOf(hidden)).toBe('NOT_FOUND');
      expect(codeOf(absent)).toBe('NOT_FOUND');
    }
    expect(codeOf(await ping(mine))).toBe('AGENT_OFFLINE');
    expect(await api.platform.db.prisma.server.findUnique({ where: { id: other } })).not.toBeNull();
  });

  test('holds the overlap of role and grant there, and nothing for the whole fleet', async () => {
    const person = await limited('viewer');
    await grant(person, { serverId: mine, scopes: ['*'] });
    const rename = (input: object) =>
      person.client.answer(
        'mutation M($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }',
        {
          input: { serverId: mine, ...input },
        },
      );
    expect(codeOf(await rename({ maintenance: true }))).toBe('PERMISSION_DENIED');
    await api.platform.db.prisma.user.update({ where: { id: person.userId }, data: { role: 'operator' } });
    expect(codeOf(await rename({ maintenance: true }))).toBeUndefined();
    expect(codeOf(await rename({ name: 'free' }))).toBe('PERMISSION_DENIED');
    expect(codeOf(await move([mine], group, person.client))).toBe('PERMISSION_DENIED');
    expect(codeOf(await person.client.answer('{ users { nodes { id } } }'))).toBe('PERMISSION_DENIED');
  });

  test('sees of the audit log what is about the servers on which it may be read', async () => {
    const person = await limited('operator');
    await grant(person, { serverId: mine });
    for (const id of [mine, other]) {
      await admin.query(
        `mutation { updateServer(input: { serverId: "${id}", maintenance: true }) { server { id } } }`,
      );
    }
    const { auditEvents } = await person.client.query<{ auditEvents: { nodes: { serverId: string }[] } }>(
      '{ auditEvents { nodes { serverId action } } }',
    );
    expect(new Set(auditEvents.nodes.map(({ serverId }) => serverId))).toEqual(new Set([mine]));
  });
});

describe('a grant on a group', () => {
  test('covers the groups in it, and follows servers and groups wherever they go', async () => {
    const person = await limited('viewer');
    await grant(person, { groupId: group });
    expect(await serversOf(person.client)).toEqual([]);
    await move([mine], inner);
    expect(await serversOf(person.client)).toEqual([mine]);
    const groups = '{ serverGroups { id parentId serverCount } }';
    expect(await person.client.query(groups)).toEqual({
      serverGroups: expect.arrayContaining([
        { id: group, parentId: null, serverCount: 1 },
        { id: inner, parentId: group, serverCount: 1 },
      ]),
    });
    await admin.query(
      `mutation { updateServerGroup(input: { groupId: "${inner}", parentId: null }) { group { id } } }`,
    );
    expect(await serversOf(person.client)).toEqual([]);
    await move([mine], group);
    expect(await serversOf(person.client)).toEqual([mine]);
    await admin.query(`mutation { deleteServerGroup(input: { groupId: "${group}" }) { deletedGroupId } }`);
    expect(codeOf(await person.client.answer('{ servers { totalCount } }'))).toBe('PERMISSION_DENIED');
  });

  test('finds its servers with a filter, those of the groups in it too', async () => {
    await move([mine], inner);
    const found = await admin.query(
      'query Q($id: ID!) { servers(filter: { groupId: $id }) { nodes { id group { id } } } }',
      { id: group },
    );
    expect(found).toEqual({ servers: { nodes: [{ id: mine, group: { id: inner } }] } });
  });
});

describe('groups', () => {
  const update = (groupId: string, parentId: string) =>
    admin.answer(
      'mutation M($input: UpdateServerGroupInput!) { updateServerGroup(input: $input) { group { id } } }',
      { input: { groupId, parentId } },
    );

  test('do not lie in themselves, nor deeper than eight levels', async () => {
    expect(codeOf(await update(group, inner))).toBe('INPUT_INVALID');
    let deepest = inner;
    for (let level = 3; level <= 8; level++) deepest = await addGroup(`level ${level}`, deepest);
    await expect(addGroup('level 9', deepest)).rejects.toThrow('deep at most');
  });

  test('are not moved into each other by two at once', async () => {
    const [a, b] = [await addGroup('a'), await addGroup('b')];
    const answers = await Promise.all([update(a, b), update(b, a)]);
    expect(answers.map(codeOf).filter((code) => code === undefined)).toHaveLength(1);
  });
});

describe('what is open while rights change', () => {
  const events = 'subscription { serverEvents { kind serverId } }';
  const change = (serverId: string) =>
    api.services.topics.publish(serverChanges, { serverId, kind: 'UPDATED' });
  const listening = () => eventually(() => api.services.topics.watched(serverChanges), 'someone to listen');
  const eventOf = async (socket: RawSocket) => dig(await socket.next(), 'payload', 'data', 'serverEvents');

  test('ends at once when its scope is gone, and never tells of a hidden server', async () => {
    const person = await limited('viewer');
    const id = await grant(person, { serverId: mine });
    using socket = await rawSocket(api.url, { client: person.client });
    socket.send(subscribeMessage('1', events));
    socket.send(subscribeMessage('2', `subscription { containerEvents(serverId: "${mine}") { kind } }`));
    await listening();
    change(other);
    change(mine);
    expect(await eventOf(socket)).toEqual({ kind: 'UPDATED', serverId: mine });
    await revoke(id);
    change(mine);
    const ended = [await socket.next(), await socket.next()];
    expect(ended.map(({ id: name, type }) => `${name} ${type}`).toSorted()).toEqual(['1 error', '2 error']);
    for (const { payload } of ended) expect(dig(payload, 0, 'extensions', 'code')).toBe('PERMISSION_DENIED');
  });

  test('goes on with what is left of it, and tells what went and what came', async () => {
    const person = await limited('viewer');
    const first = await grant(person, { serverId: mine });
    await grant(person, { groupId: group });
    using socket = await rawSocket(api.url, { client: person.client });
    socket.send(subscribeMessage('1', events));
    await listening();
    await move([other], inner);
    expect(await eventOf(socket)).toEqual({ kind: 'CREATED', serverId: other });
    await revoke(first);
    const told: unknown[] = [];
    do told.push(await eventOf(socket));
    while (dig(told.at(-1), 'kind') !== 'DELETED');
    expect(told.at(-1)).toEqual({ kind: 'DELETED', serverId: mine });
    change(mine);
    change(other);
    expect(await eventOf(socket)).toEqual({ kind: 'UPDATED', serverId: other });
  });

  test('is not told under old rights, however fast events come while they change', async () => {
    const person = await limited('viewer');
    const id = await grant(person, { serverId: mine });
    await grant(person, { serverId: other });
    using socket = await rawSocket(api.url, { client: person.client });
    socket.send(subscribeMessage('1', events));
    await listening();
    const flood = setInterval(() => [mine, other].forEach(change), 1);
    try {
      await revoke(id);
      const told: string[] = [];
      while (!told.includes(`DELETED ${mine}`) || !told.at(-1)?.endsWith(other)) {
        const event = await eventOf(socket);
        told.push(`${String(dig(event, 'kind'))} ${String(dig(event, 'serverId'))}`);
      }
      const after = told.slice(told.indexOf(`DELETED ${mine}`) + 1);
      expect(after).not.toContain(`UPDATED ${mine}`);
    } finally {
      clearInterval(flood);
    }
  });
});

describe('giving access', () => {
  test('takes users:write, and nobody gives what they do not hold', async () => {
    const operator = await api.join('operator');
    const person = await limited('viewer');
    const input = { userId: person.userId, serverId: mine };
    const give = 'mutation M($input: GrantAccessInput!) { grantAccess(input: $input) { grant { id } } }';
    expect(codeOf(await operator.client.answer(give, { input }))).toBe('PERMISSION_DENIED');
    const both = { input: { ...input, groupId: group } };
    expect(codeOf(await admin.answer(give, both))).toBe('INPUT_INVALID');
    const unknown = { input: { ...input, scopes: ['docker:rockets'] } };
    expect(codeOf(await admin.answer(give, unknown))).toBe('INPUT_INVALID');
  });

  test('is listed, and does not limit an administrator', async () => {
    const person = await limited('viewer');
    const id = await grant(person, { serverId: mine, scopes: ['docker:containers:read'] });
    expect(
      await admin.query(
        'query Q($id: ID!) { grants(filter: { userId: $id }) { nodes { id scopes serverId } } }',
        {
          id: person.userId,
        },
      ),
    ).toEqual({
      grants: { nodes: [{ id, scopes: ['servers:read', 'docker:containers:read'], serverId: mine }] },
    });
    const boss = await api.join('admin');
    const input = { userId: boss.userId, access: 'GRANTED' };
    const set = 'mutation M($input: SetUserAccessInput!) { setUserAccess(input: $input) { user { id } } }';
    expect(codeOf(await admin.answer(set, { input }))).toBe('CONFLICT');
  });
});

describe('an invitation', () => {
  const password = 'correct horse battery staple';
  const invite = (input: object, client = admin) =>
    client.answer<{ inviteUser: { link: string } }>(
      'mutation M($input: InviteUserInput!) { inviteUser(input: $input) { link invitation { access grants { serverId groupId scopes } } } }',
      { input: { email: `${newId('user')}@example.com`, role: 'OPERATOR', ...input } },
    );
  const accept = async (link: string) => {
    const joined = await api.stranger.query<{ acceptInvitation: { viewer: { user: { id: string } } } }>(
      'mutation M($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { viewer { user { id } } } }',
      { input: { token: new URL(link).hash.slice(1), name: 'New', password } },
    );
    return joined.acceptInvitation.viewer.user.id;
  };

  test('gives its grants to who accepts it, as far as what they are on is still there', async () => {
    const { data, errors } = await invite({
      access: 'GRANTED',
      grants: [
        { serverId: mine, scopes: ['docker:containers:read'] },
        { groupId: group },
        { serverId: other },
      ],
    });
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      inviteUser: {
        invitation: {
          access: 'GRANTED',
          grants: [
            { serverId: mine, groupId: null, scopes: ['servers:read', 'docker:containers:read'] },
            { serverId: null, groupId: group, scopes: ['servers:read', '*'] },
            { serverId: other },
          ],
        },
      },
    });
    await api.platform.db.prisma.server.delete({ where: { id: other } });
    const userId = await accept(data?.inviteUser.link ?? '');
    const user = await api.platform.db.prisma.user.findUniqueOrThrow({
      where: { id: userId },
      include: { grants: { orderBy: { createdAt: 'asc' } } },
    });
    expect(user.access).toBe('granted');
    expect(user.grants.map(({ serverId, groupId }) => serverId ?? groupId)).toEqual([mine, group]);
  });

  test('gives nothing that whoever invites does not hold, or that does not fit together', async () => {
    const maker = await api.join('admin');
    const scopes = ['users:write', 'users:read', 'servers:read', 'audit:read'];
    const narrow = await program(maker, { scopes });
    expect(
      codeOf(await invite({ role: 'VIEWER', access: 'GRANTED', grants: [{ serverId: mine }] }, narrow)),
    ).toBe('PERMISSION_DENIED');
    expect(codeOf(await invite({ role: 'ADMIN', access: 'GRANTED' }))).toBe('INPUT_INVALID');
    expect(codeOf(await invite({ grants: [{ serverId: mine }] }))).toBe('INPUT_INVALID');
    expect(codeOf(await invite({ access: 'GRANTED', grants: [{ serverId: newId('server') }] }))).toBe(
      'NOT_FOUND',
    );
    expect(codeOf(await invite({ access: 'GRANTED', grants: [{ serverId: mine, groupId: group }] }))).toBe(
      'INPUT_INVALID',
    );
  });
});

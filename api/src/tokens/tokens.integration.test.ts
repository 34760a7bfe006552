import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, within } from '../../../testing/events.ts';
import { codeOf, type TestClient } from '../../../testing/graphql-client.ts';
import { withSession } from '../database/session.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { principalChanged } from '../identity/events.ts';
import { dig, rawSocket, subscribeMessage, type Message } from '../live/testing.ts';
import { addServer } from '../metrics/testing.ts';
import { liveSamples } from '../metrics/topics.ts';
import { serverChanges } from '../servers/events.ts';

const createApiToken = `mutation ($input: CreateApiTokenInput!) {
  createApiToken(input: $input) { secret token { id prefix scopes addresses } }
}`;
const revokeApiToken = `mutation ($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) { token { revokedAt } } }`;
const updateApiToken = `mutation ($input: UpdateApiTokenInput!) { updateApiToken(input: $input) { token { name } } }`;
const apiTokens = `query ($filter: ApiTokenFilter) { apiTokens(filter: $filter) { nodes { id name lastUsedAt lastUsedAddress } } }`;
const events = 'subscription { serverEvents { kind serverId } }';
const servers = '{ servers { nodes { id } } }';
const whoAmI = '{ viewer { scopes user { id } session { id } token { id name } } }';

let api: TestApi;
let admin: TestPerson;
beforeAll(async () => {
  api = await testApi({ env: { TRUST_PROXY: 'loopback' } });
  admin = await api.join('admin');
});
afterAll(() => api[Symbol.asyncDispose]());

interface Made {
  readonly id: string;
  readonly secret: string;
  readonly client: TestClient;
}

async function make(by: TestPerson, scopes: readonly string[], rest: object = {}): Promise<Made> {
  const { createApiToken: made } = await by.client.query<{
    createApiToken: { secret: string; token: { id: string } };
  }>(createApiToken, { input: { name: 'deploy', scopes, ...rest } });
  const { secret } = made;
  // As programs do: without an Origin.
  return { id: made.token.id, secret, client: api.stranger.with({ token: secret, origin: null }) };
}

const wrongCode = async (by: TestPerson, scopes: readonly string[], rest: object = {}) =>
  codeOf(await by.client.answer(createApiToken, { input: { name: 'deploy', scopes, ...rest } }));

const scopesOf = async (client: TestClient) =>
  (await client.query<{ viewer: { scopes: string[] } }>('{ viewer { scopes } }')).viewer.scopes;

/** A socket of a program, on which it follows servers. */
async function following({ secret }: Made) {
  const socket = await rawSocket(api.url, { init: false, headers: { origin: api.url } });
  socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${secret}` } });
  await socket.next(({ type }) => type === 'connection_ack');
  socket.send(subscribeMessage('1', events));
  await eventually(() => api.services.topics.watched(serverChanges), 'the subscription');
  return socket;
}

const errorOf = ({ payload }: Message): unknown => dig(payload, 0, 'extensions', 'code');

describe('a token', () => {
  test('is shown once, kept as a hash, and known again by its prefix', async () => {
    const answer = await admin.client.query<{ createApiToken: { secret: string; token: object } }>(
      createApiToken,
      {
        input: { name: 'deploy', scopes: ['servers:read', 'docker:*'], addresses: ['10.0.0.0/8'] },
      },
    );
    const { secret, token } = answer.createApiToken;
    expect(secret).toMatch(/^sk_[0-9a-z]{24}_[\w-]{43}$/);
    expect(token).toMatchObject({
      prefix: secret.slice(0, 11),
      scopes: ['servers:read', 'docker:*'],
      addresses: ['10.0.0.0/8'],
    });
    await api.services.audit.flush();
    const rows = JSON.stringify(
      [await api.platform.db.prisma.apiToken.findMany(), await api.platform.db.prisma.auditEvent.findMany()],
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );
    expect(rows).toContain('token.create');
    expect(rows).not.toContain(secret.slice(-43));
  });

  test('signs a program in on both transports, as its owner and with its scopes only', async () => {
    const { client, id } = await make(admin, ['servers:read', 'system:metrics:read']);
    expect(await client.query(whoAmI)).toEqual({
      viewer: {
        scopes: expect.arrayContaining(['servers:read', 'system:metrics:read']),
        user: { id: admin.userId },
        session: null,
        token: { id, name: 'deploy' },
      },
    });
    expect(await scopesOf(client)).toHaveLength(2);
    expect(codeOf(await client.answer(servers))).toBeUndefined();
    await using subscription = client.subscribe<{ serverEvents: { serverId: string } }>(events);
    await eventually(() => api.services.topics.watched(serverChanges), 'the subscription');
    api.services.topics.publish(serverChanges, { serverId: 'srv_x', kind: 'UPDATED' });
    expect((await subscription.next()).serverEvents.serverId).toBe('srv_x');
  });

  test.each([
    [['system:metrics:read'], servers, 'servers:read'],
    [['servers:read'], '{ containers { edges { node { server { id } } } } }', 'docker:containers:read'],
    [['servers:read'], '{ users { nodes { id } } }', 'users:read'],
  ])('with only %j is refused %s', async (scopes, query, missing) => {
    const { client } = await make(admin, scopes);
    const { errors } = await client.answer(query);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'PERMISSION_DENIED', scope: missing });
  });

  test('cannot do what needs a person, nor make or change tokens', async () => {
    const { client } = await make(admin, ['*', 'users:write']);
    for (const query of [
      '{ viewer { sessions { id } } }',
      '{ viewer { secondFactor { enabledAt } } }',
      '{ apiTokens { nodes { id } } }',
      'mutation { signOut(input: {}) { ok } }',
      'mutation { createApiToken(input: { name: "x", scopes: ["servers:read"] }) { secret } }',
      'mutation { beginSecondFactor(input: {}) { secret } }',
      'mutation { changePassword(input: { currentPassword: "x", newPassword: "y" }) { viewer { user { id } } } }',
    ]) {
      const answer = await client.answer(query);
      expect([query, codeOf(answer), answer.errors?.[0]?.message]).toEqual([
        query,
        'PERMISSION_DENIED',
        expect.stringContaining('session'),
      ]);
    }
  });

  test('manages people only with that scope by name, and nobody with more than itself', async () => {
    const { userId } = await api.join('viewer');
    const rename = `mutation { updateUser(input: { userId: "${userId}", name: "Renamed" }) { user { name } } }`;
    expect(codeOf(await (await make(admin, ['*'])).client.answer(rename))).toBe('PERMISSION_DENIED');
    const clerk = await make(admin, ['users:write', 'users:read']);
    expect(codeOf(await clerk.client.answer(rename))).toBe('PERMISSION_DENIED');
    const invite = 'mutation { inviteUser(input: { email: "eve@example.com", role: ADMIN }) { link } }';
    expect(codeOf(await clerk.client.answer(invite))).toBe('PERMISSION_DENIED');
    const manager = await make(admin, ['*', 'users:write']);
    expect(codeOf(await manager.client.answer(rename))).toBeUndefined();
    expect(codeOf(await manager.client.answer(invite))).toBe('PERMISSION_DENIED');
    await api.services.audit.flush();
    const acted = await api.platform.db.prisma.auditEvent.findFirstOrThrow({
      where: { action: 'user.update', outcome: 'ok', targetId: userId },
    });
    expect(acted).toMatchObject({
      actorKind: 'token',
      actorId: admin.userId,
      actorLabel: `deploy (${admin.userId}@example.com)`,
    });
  });
});

describe('the scopes of a token', () => {
  test('are those its owner holds: patterns cover the rest without a word, names have to be held', async () => {
    const viewer = await api.join('viewer');
    const { client } = await make(viewer, ['docker:*']);
    expect(await scopesOf(client)).toEqual(expect.arrayContaining(['docker:containers:read']));
    expect(await scopesOf(client)).not.toContain('docker:containers:write');
    expect(await wrongCode(viewer, ['docker:containers:write'])).toBe('PERMISSION_DENIED');
    expect(await wrongCode(viewer, ['users:*'])).toBe('INPUT_INVALID');
    expect(await wrongCode(viewer, ['docker'])).toBe('INPUT_INVALID');
    expect(await wrongCode(viewer, [])).toBe('INPUT_INVALID');
  });

  test('hold what amounts to root, or hands out rights, by name only', async () => {
    const all = await scopesOf((await make(admin, ['*'])).client);
    for (const scope of ['system:exec', 'docker:containers:exec', 'users:write', 'servers:register']) {
      expect(all).not.toContain(scope);
      expect(await scopesOf((await make(admin, ['*', scope])).client)).toContain(scope);
    }
  });

  test('follow what becomes of the owner, both ways', async () => {
    const owner = await api.join('operator');
    const { client } = await make(owner, ['docker:*']);
    const { prisma } = api.platform.db;
    await prisma.user.update({ where: { id: owner.userId }, data: { role: 'viewer' } });
    expect(await scopesOf(client)).not.toContain('docker:containers:write');
    await prisma.user.update({ where: { id: owner.userId }, data: { role: 'operator' } });
    expect(await scopesOf(client)).toContain('docker:containers:write');
  });

  test('on some servers are held nowhere else', async () => {
    const { id: serverId } = await addServer(api.platform.db);
    const { secret } = await make(admin, ['*'], { serverIds: [serverId] });
    const principal = await api.services.tokens.authenticate(secret, '192.0.2.1');
    if (principal.kind !== 'token') throw new Error('refused');
    expect([...principal.rights.everywhere]).toEqual([]);
    expect(principal.rights.on(serverId).has('docker:containers:read')).toBe(true);
    expect(principal.rights.on('srv_other').size).toBe(0);
    expect(await wrongCode(admin, ['users:read'], { serverIds: [serverId] })).toBe('INPUT_INVALID');
    expect(await wrongCode(admin, ['servers:read'], { serverIds: ['srv_none'] })).toBe('NOT_FOUND');
    expect(await wrongCode(admin, ['servers:read'], { groupIds: ['grp_none'] })).toBe('NOT_FOUND');
  });
});

describe('a token that is refused', () => {
  const unauthenticated = async (client: TestClient) => {
    const { status, headers, body } = await client.post(JSON.stringify({ query: whoAmI }));
    expect(headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    expect(body).toContain('UNAUTHENTICATED');
    return status;
  };
  const elsewhere = (address: string) => ({ headers: { 'x-forwarded-for': address } });

  test('says the same whether it never was, is altered, or ended', async () => {
    const { secret, client, id } = await make(admin, ['servers:read']);
    const { secret: working } = await make(admin, ['servers:read']);
    const gone = await make(admin, ['servers:read'], {
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    });
    await api.platform.db.prisma.apiToken.update({
      where: { id: gone.id },
      data: { expiresAt: new Date(Date.now() - 1) },
    });
    await admin.client.query(revokeApiToken, { input: { tokenId: id } });
    const bodies = new Set<string>();
    for (const token of [
      secret,
      gone.secret,
      // The id of one that works, and another secret.
      `${working.slice(0, -1)}${working.endsWith('A') ? 'B' : 'A'}`,
      `sk_${'0'.repeat(24)}_${'A'.repeat(43)}`,
      'sk_',
      'anything',
    ]) {
      const other = client.with({ token, ...elsewhere('198.51.100.1') });
      expect(await unauthenticated(other)).toBe(401);
      bodies.add((await other.post('{}')).body);
    }
    expect(bodies.size).toBe(1);
    using socket = await rawSocket(api.url, { init: false });
    socket.send({ type: 'connection_init', payload: { token: secret } });
    expect(await within(socket.closed, 'the socket to close')).toMatchObject({ code: 4401 });
  });

  test('came from elsewhere than its networks', async () => {
    const { client } = await make(admin, ['servers:read'], {
      addresses: ['198.51.100.0/25', '2001:db8::/32', '203.0.113.9'],
    });
    for (const [address, status] of [
      ['198.51.100.7', 200],
      ['2001:db8::1', 200],
      ['203.0.113.9', 200],
      ['198.51.100.200', 401],
      ['2001:db9::1', 401],
      ['203.0.113.10', 401],
    ] as const) {
      const { status: seen } = await client.with(elsewhere(address)).post(JSON.stringify({ query: servers }));
      expect([address, seen]).toEqual([address, status]);
    }
    expect(await wrongCode(admin, ['servers:read'], { addresses: ['10.0.0.0/33'] })).toBe('INPUT_INVALID');
    expect(await wrongCode(admin, ['servers:read'], { addresses: ['home'] })).toBe('INPUT_INVALID');
  });

  test('came with a session beside it', async () => {
    const { secret } = await make(admin, ['servers:read']);
    const both = admin.client.with({ token: secret });
    for (const client of [
      both,
      both.with({ session: { cookie: admin.client.session.cookie ?? '' } }),
      both.with({ session: { proof: admin.client.session.proof ?? '' } }),
    ]) {
      const { status, body } = await client.post(JSON.stringify({ query: whoAmI }));
      expect(status).toBe(401);
      expect(body).toContain('Both an API token and a session');
    }
    using socket = await rawSocket(api.url, { client: admin.client, init: false });
    const { proof } = admin.client.session;
    socket.send({ type: 'connection_init', payload: { token: secret, session: proof } });
    expect(await within(socket.closed, 'the socket to close')).toMatchObject({ code: 4401 });
  });

  test('came on a WebSocket with the cookie that a browser adds to it by itself: the token counts', async () => {
    const { secret } = await make(admin, ['servers:read']);
    using socket = await rawSocket(api.url, { client: admin.client, init: false });
    socket.send({ type: 'connection_init', payload: { token: secret } });
    await socket.next(({ type }) => type === 'connection_ack');
    socket.send(subscribeMessage('1', '{ viewer { scopes session { id } } }'));
    const { payload } = await socket.next(({ type }) => type === 'next');
    expect(payload).toEqual({ data: { viewer: { scopes: ['servers:read'], session: null } } });
  });

  test('again and again is slowed down, while good ones from the same place get through', async () => {
    const { client, secret } = await make(admin, ['servers:read']);
    const place = elsewhere('198.51.100.77');
    const statuses = [];
    for (let n = 0; n < 25; n++) {
      const wrong = client.with({ token: `sk_${'0'.repeat(24)}_${'A'.repeat(43)}`, ...place });
      statuses.push((await wrong.post('{}')).status);
    }
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(statuses.at(-1)).toBe(429);
    expect(codeOf(await client.with({ token: secret, ...place }).answer(servers))).toBeUndefined();
    await api.services.audit.flush();
    const rows = await api.platform.db.prisma.auditEvent.findMany({
      where: { action: 'token.use', address: '198.51.100.77' },
    });
    expect(rows.length).toBeLessThanOrEqual(4);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(25);
  });
});

describe('a page of someone else', () => {
  test('may send a token over HTTP, which no browser adds by itself, and is never let read the answer', async () => {
    const { client } = await make(admin, ['servers:read']);
    const { status, headers } = await client
      .with({ origin: 'https://tool.example' })
      .post(JSON.stringify({ query: servers }));
    expect(status).toBe(200);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    const withCookie = client.with({
      origin: 'https://tool.example',
      session: { cookie: admin.client.session.cookie ?? '' },
    });
    expect((await withCookie.post(JSON.stringify({ query: servers }))).status).toBe(403);
    await expect(rawSocket(api.url, { headers: { origin: 'https://tool.example' } })).rejects.toThrow('403');
  });
});

describe('what a token holds open', () => {
  const over = 5_000;

  test('ends at once when it is revoked, by its owner or by itself', async () => {
    const revoked = await make(admin, ['servers:read']);
    using first = await following(revoked);
    await admin.client.query(revokeApiToken, { input: { tokenId: revoked.id } });
    expect(await within(first.closed, 'the socket to close', over)).toMatchObject({ code: 4401 });
    const itself = await make(admin, ['servers:read']);
    const other = await make(admin, ['servers:read']);
    using second = await following(itself);
    const revoke = (tokenId: string) => itself.client.answer(revokeApiToken, { input: { tokenId } });
    expect(codeOf(await revoke(other.id))).toBe('NOT_FOUND');
    expect(codeOf(await revoke(itself.id))).toBeUndefined();
    expect(await within(second.closed, 'the socket to close', over)).toMatchObject({ code: 4401 });
    expect(codeOf(await other.client.answer(servers))).toBeUndefined();
  });

  test('ends when it expires, though nobody says so', async () => {
    const soon = await make(admin, ['servers:read'], {
      expiresAt: new Date(Date.now() + 1_500).toISOString(),
    });
    using socket = await following(soon);
    expect(await within(socket.closed, 'the socket to close', 1_500 + over)).toMatchObject({ code: 4401 });
  });

  test('ends when its owner is disabled or deleted', async () => {
    for (const end of [
      'mutation ($id: ID!) { setUserDisabled(input: { userId: $id, disabled: true }) { user { id } } }',
      'mutation ($id: ID!) { deleteUser(input: { userId: $id }) { deletedUserId } }',
    ]) {
      const owner = await api.join('viewer');
      const token = await make(owner, ['servers:read']);
      using socket = await following(token);
      await admin.client.query(end, { id: owner.userId });
      expect(await within(socket.closed, 'the socket to close', over)).toMatchObject({ code: 4401 });
      expect((await token.client.post('{}')).status).toBe(401);
    }
  });

  test('does not come back when its owner is enabled again', async () => {
    const owner = await api.join('viewer');
    const token = await make(owner, ['servers:read']);
    const set = (disabled: boolean) =>
      admin.client.query(
        'mutation ($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { user { id } } }',
        { input: { userId: owner.userId, disabled } },
      );
    await set(true);
    await set(false);
    expect((await token.client.post('{}')).status).toBe(401);
  });

  test.each([
    ['its owner is disabled', 'UPDATE "User" SET "disabledAt" = now() WHERE "id" = $1'],
    ['the session ends', 'UPDATE "Session" SET "revokedAt" = now() WHERE "userId" = $1'],
  ])('is not made while %s', async (_what, sql) => {
    const owner = await api.join('operator');
    const { pool, prisma } = api.platform.db;
    await withSession(pool, async (client) => {
      await client.query('BEGIN');
      await client.query(sql, [owner.userId]);
      let answered = false;
      const code = wrongCode(owner, ['servers:read']).finally(() => (answered = true));
      await eventually(async () => {
        const { rows } = await pool.query(`SELECT FROM pg_stat_activity WHERE "wait_event_type" = 'Lock'`);
        return answered || rows.length > 0;
      }, 'it to wait');
      await client.query('COMMIT');
      expect(await code).toBe('UNAUTHENTICATED');
    });
    expect(await prisma.apiToken.count({ where: { userId: owner.userId } })).toBe(0);
  });

  test('ends with PERMISSION_DENIED when the owner loses the scope', async () => {
    const owner = await api.join('viewer');
    using socket = await following(await make(owner, ['servers:read']));
    await api.platform.db.prisma.user.update({
      where: { id: owner.userId },
      data: { role: 'nothing we know' },
    });
    api.services.topics.publish(principalChanged, { userId: owner.userId });
    expect(errorOf(await within(socket.next(), 'the end of the subscription', over))).toBe(
      'PERMISSION_DENIED',
    );
  });
});

describe('the list of tokens', () => {
  test("is one's own, with the last use; those of others are for who may read users", async () => {
    const owner = await api.join('viewer');
    const { id, client } = await make(owner, ['servers:read']);
    await client.with({ headers: { 'x-forwarded-for': '203.0.113.77' } }).query(servers);
    const list = async (by: TestPerson, filter: object = {}) =>
      (await by.client.query<{ apiTokens: { nodes: object[] } }>(apiTokens, { filter })).apiTokens.nodes;
    await eventually(async () => {
      const [token] = await list(owner);
      return JSON.stringify(token).includes('203.0.113.77');
    }, 'the last use');
    expect(await list(admin, { ownerId: owner.userId })).toMatchObject([{ id }]);
    expect(await list(admin, { everyone: true })).toContainEqual(expect.objectContaining({ id }));
    expect(codeOf(await owner.client.answer(apiTokens, { filter: { everyone: true } }))).toBe(
      'PERMISSION_DENIED',
    );
    expect(codeOf(await owner.client.answer(apiTokens, { filter: { ownerId: admin.userId } }))).toBe(
      'PERMISSION_DENIED',
    );
    await owner.client.query(updateApiToken, { input: { tokenId: id, name: 'nightly' } });
    expect(await list(owner)).toMatchObject([{ name: 'nightly' }]);
    const stranger = await api.join('operator');
    expect(
      codeOf(await stranger.client.answer(updateApiToken, { input: { tokenId: id, name: 'mine' } })),
    ).toBe('NOT_FOUND');
    expect(codeOf(await stranger.client.answer(revokeApiToken, { input: { tokenId: id } }))).toBe(
      'NOT_FOUND',
    );
    await admin.client.query(revokeApiToken, { input: { tokenId: id } });
    expect(await list(owner)).toEqual([]);
    expect(await list(owner, { revoked: true })).toHaveLength(1);
  });
});

describe('a token for one server', () => {
  test('of the least scopes lists that server and follows its metrics, and nothing of the others', async () => {
    const [mine, other] = [await addServer(api.platform.db), await addServer(api.platform.db)];
    const places = { serverIds: [mine.id] };
    const metrics = 'subscription ($ids: [ID!]!) { serverMetrics(serverIds: $ids) { serverId } }';
    const { client } = await make(admin, ['servers:read', 'system:metrics:read'], places);
    expect(await client.query(servers)).toEqual({ servers: { nodes: [{ id: mine.id }] } });
    expect(await client.query(`{ server(id: "${other.id}") { id } }`)).toEqual({ server: null });
    await using followed = client.subscribe<{ serverMetrics: object }>(metrics, { ids: [mine.id] });
    await eventually(() => api.services.topics.watched(liveSamples, mine.id), 'the subscription');
    const without = await make(admin, ['servers:read'], places);
    await using refused = without.client.subscribe(metrics, { ids: [mine.id] });
    expect(await within(refused.ended, 'the refusal')).toMatchObject({ code: 'PERMISSION_DENIED' });
    const blind = await make(admin, ['system:metrics:read'], places);
    expect(codeOf(await blind.client.answer(servers))).toBe('PERMISSION_DENIED');
    expect(await Promise.race([followed.ended, Promise.resolve('still open')])).toBe('still open');
  });
});

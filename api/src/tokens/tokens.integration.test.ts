import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { codeOf } from '../../../testing/graphql-client.ts';
import type { TestPerson } from '../graphql/testing.ts';
import { serverChanges } from '../servers/events.ts';
import { createApiToken, events, revokeApiToken, scopesOf, servers, whoAmI, TokenStage } from './testing.ts';
import { openedByTokens } from './token-open.suite.ts';
import { refusedTokens } from './token-refused.suite.ts';
import { scopesOfTokens } from './token-scopes.suite.ts';

const updateApiToken = `mutation ($input: UpdateApiTokenInput!) { updateApiToken(input: $input) { token { name } } }`;
const apiTokens = `query ($filter: ApiTokenFilter) { apiTokens(filter: $filter) { nodes { id name lastUsedAt lastUsedAddress } } }`;

const stage = new TokenStage();
beforeAll(() => stage.raise());
afterAll(() => stage[Symbol.asyncDispose]());

describe('a token', () => {
  test('is shown once, kept as a hash, and known again by its prefix', async () => {
    const answer = await stage.admin.client.query<{ createApiToken: { secret: string; token: object } }>(
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
    await stage.api.services.audit.flush();
    const rows = JSON.stringify(
      [
        await stage.api.platform.db.prisma.apiToken.findMany(),
        await stage.api.platform.db.prisma.auditEvent.findMany(),
      ],
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );
    expect(rows).toContain('token.create');
    expect(rows).not.toContain(secret.slice(-43));
  });

  test('signs a program in on both transports, as its owner and with its scopes only', async () => {
    const { client, id } = await stage.make(stage.admin, ['servers:read', 'system:metrics:read']);
    expect(await client.query(whoAmI)).toEqual({
      viewer: {
        scopes: expect.arrayContaining(['servers:read', 'system:metrics:read']),
        user: { id: stage.admin.userId },
        session: null,
        token: { id, name: 'deploy' },
      },
    });
    expect(await scopesOf(client)).toHaveLength(2);
    expect(codeOf(await client.answer(servers))).toBeUndefined();
    await using subscription = client.subscribe<{ serverEvents: { serverId: string } }>(events);
    await eventually(() => stage.api.services.topics.watched(serverChanges), 'the subscription');
    stage.api.services.topics.publish(serverChanges, { serverId: 'srv_x', kind: 'UPDATED' });
    expect((await subscription.next()).serverEvents.serverId).toBe('srv_x');
  });

  test.each([
    [['system:metrics:read'], servers, 'servers:read'],
    [['servers:read'], '{ containers { edges { node { server { id } } } } }', 'docker:containers:read'],
    [['servers:read'], '{ users { nodes { id } } }', 'users:read'],
  ])('with only %j is refused %s', async (scopes, query, missing) => {
    const { client } = await stage.make(stage.admin, scopes);
    const { errors } = await client.answer(query);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'PERMISSION_DENIED', scope: missing });
  });

  test('cannot do what needs a person, nor make or change tokens', async () => {
    const { client } = await stage.make(stage.admin, ['*', 'users:write']);
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
    const { userId } = await stage.api.join('viewer');
    const rename = `mutation { updateUser(input: { userId: "${userId}", name: "Renamed" }) { user { name } } }`;
    expect(codeOf(await (await stage.make(stage.admin, ['*'])).client.answer(rename))).toBe(
      'PERMISSION_DENIED',
    );
    const clerk = await stage.make(stage.admin, ['users:write', 'users:read']);
    expect(codeOf(await clerk.client.answer(rename))).toBe('PERMISSION_DENIED');
    const invite = 'mutation { inviteUser(input: { email: "eve@example.com", role: ADMIN }) { link } }';
    expect(codeOf(await clerk.client.answer(invite))).toBe('PERMISSION_DENIED');
    const manager = await stage.make(stage.admin, ['*', 'users:write']);
    expect(codeOf(await manager.client.answer(rename))).toBeUndefined();
    expect(codeOf(await manager.client.answer(invite))).toBe('PERMISSION_DENIED');
    await stage.api.services.audit.flush();
    const acted = await stage.api.platform.db.prisma.auditEvent.findFirstOrThrow({
      where: { action: 'user.update', outcome: 'ok', targetId: userId },
    });
    expect(acted).toMatchObject({
      actorKind: 'token',
      actorId: stage.admin.userId,
      actorLabel: `deploy (${stage.admin.userId}@example.com)`,
    });
  });
});

scopesOfTokens(stage);
refusedTokens(stage);
openedByTokens(stage);

describe('the list of tokens', () => {
  test("is one's own, with the last use; those of others are for who may read users", async () => {
    const owner = await stage.api.join('viewer');
    const { id, client } = await stage.make(owner, ['servers:read']);
    await client.with({ headers: { 'x-forwarded-for': '203.0.113.77' } }).query(servers);
    const list = async (by: TestPerson, filter: object = {}) =>
      (await by.client.query<{ apiTokens: { nodes: object[] } }>(apiTokens, { filter })).apiTokens.nodes;
    await eventually(async () => {
      const [token] = await list(owner);
      return JSON.stringify(token).includes('203.0.113.77');
    }, 'the last use');
    expect(await list(stage.admin, { ownerId: owner.userId })).toMatchObject([{ id }]);
    expect(await list(stage.admin, { everyone: true })).toContainEqual(expect.objectContaining({ id }));
    expect(codeOf(await owner.client.answer(apiTokens, { filter: { everyone: true } }))).toBe(
      'PERMISSION_DENIED',
    );
    expect(codeOf(await owner.client.answer(apiTokens, { filter: { ownerId: stage.admin.userId } }))).toBe(
      'PERMISSION_DENIED',
    );
    await owner.client.query(updateApiToken, { input: { tokenId: id, name: 'nightly' } });
    expect(await list(owner)).toMatchObject([{ name: 'nightly' }]);
    const stranger = await stage.api.join('operator');
    expect(
      codeOf(await stranger.client.answer(updateApiToken, { input: { tokenId: id, name: 'mine' } })),
    ).toBe('NOT_FOUND');
    expect(codeOf(await stranger.client.answer(revokeApiToken, { input: { tokenId: id } }))).toBe(
      'NOT_FOUND',
    );
    await stage.admin.client.query(revokeApiToken, { input: { tokenId: id } });
    expect(await list(owner)).toEqual([]);
    expect(await list(owner, { revoked: true })).toHaveLength(1);
  });
});

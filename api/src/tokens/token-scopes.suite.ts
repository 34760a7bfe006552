import { describe, expect, test } from 'vitest';
import { eventually, within } from '../../../testing/events.ts';
import { codeOf } from '../../../testing/graphql-client.ts';
import { addServer } from '../metrics/testing.ts';
import { liveSamples } from '../metrics/topics.ts';
import { scopesOf, servers, wrongCode, type TokenStage } from './testing.ts';

/** What a token may: never more than its owner, and nowhere else than where it is for. */
export function scopesOfTokens(stage: TokenStage): void {
  describe('the scopes of a token', () => {
    test('are those its owner holds: patterns cover the rest without a word, names have to be held', async () => {
      const viewer = await stage.api.join('viewer');
      const { client } = await stage.make(viewer, ['docker:*']);
      expect(await scopesOf(client)).toEqual(expect.arrayContaining(['docker:containers:read']));
      expect(await scopesOf(client)).not.toContain('docker:containers:write');
      expect(await wrongCode(viewer, ['docker:containers:write'])).toBe('PERMISSION_DENIED');
      expect(await wrongCode(viewer, ['users:*'])).toBe('INPUT_INVALID');
      expect(await wrongCode(viewer, ['docker'])).toBe('INPUT_INVALID');
      expect(await wrongCode(viewer, [])).toBe('INPUT_INVALID');
    });

    test('hold what amounts to root, or hands out rights, by name only', async () => {
      const all = await scopesOf((await stage.make(stage.admin, ['*'])).client);
      for (const scope of ['system:exec', 'docker:containers:exec', 'users:write', 'servers:register']) {
        expect(all).not.toContain(scope);
        expect(await scopesOf((await stage.make(stage.admin, ['*', scope])).client)).toContain(scope);
      }
    });

    test('follow what becomes of the owner, both ways', async () => {
      const owner = await stage.api.join('operator');
      const { client } = await stage.make(owner, ['docker:*']);
      const { prisma } = stage.api.platform.db;
      await prisma.user.update({ where: { id: owner.userId }, data: { role: 'viewer' } });
      expect(await scopesOf(client)).not.toContain('docker:containers:write');
      await prisma.user.update({ where: { id: owner.userId }, data: { role: 'operator' } });
      expect(await scopesOf(client)).toContain('docker:containers:write');
    });

    test('on some servers are held nowhere else', async () => {
      const { id: serverId } = await addServer(stage.api.platform.db);
      const { secret } = await stage.make(stage.admin, ['*'], { serverIds: [serverId] });
      const principal = await stage.api.services.tokens.authenticate(secret, '192.0.2.1');
      if (principal.kind !== 'token') throw new Error('refused');
      expect([...principal.rights.everywhere]).toEqual([]);
      expect(principal.rights.on(serverId).has('docker:containers:read')).toBe(true);
      expect(principal.rights.on('srv_other').size).toBe(0);
      expect(await wrongCode(stage.admin, ['users:read'], { serverIds: [serverId] })).toBe('INPUT_INVALID');
      expect(await wrongCode(stage.admin, ['servers:read'], { serverIds: ['srv_none'] })).toBe('NOT_FOUND');
      expect(await wrongCode(stage.admin, ['servers:read'], { groupIds: ['grp_none'] })).toBe('NOT_FOUND');
    });
  });

  describe('a token for one server', () => {
    test('of the least scopes lists that server and follows its metrics, and nothing of the others', async () => {
      const [mine, other] = [await addServer(stage.api.platform.db), await addServer(stage.api.platform.db)];
      const places = { serverIds: [mine.id] };
      const metrics = 'subscription ($ids: [ID!]!) { serverMetrics(serverIds: $ids) { serverId } }';
      const { client } = await stage.make(stage.admin, ['servers:read', 'system:metrics:read'], places);
      expect(await client.query(servers)).toEqual({ servers: { nodes: [{ id: mine.id }] } });
      expect(await client.query(`{ server(id: "${other.id}") { id } }`)).toEqual({ server: null });
      await using followed = client.subscribe<{ serverMetrics: object }>(metrics, { ids: [mine.id] });
      await eventually(() => stage.api.services.topics.watched(liveSamples, mine.id), 'the subscription');
      const without = await stage.make(stage.admin, ['servers:read'], places);
      await using refused = without.client.subscribe(metrics, { ids: [mine.id] });
      expect(await within(refused.ended, 'the refusal')).toMatchObject({ code: 'PERMISSION_DENIED' });
      const blind = await stage.make(stage.admin, ['system:metrics:read'], places);
      expect(codeOf(await blind.client.answer(servers))).toBe('PERMISSION_DENIED');
      expect(await Promise.race([followed.ended, Promise.resolve('still open')])).toBe('still open');
    });
  });
}

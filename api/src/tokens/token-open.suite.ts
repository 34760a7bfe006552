import { describe, expect, test } from 'vitest';
import { eventually, within } from '../../../testing/events.ts';
import { codeOf } from '../../../testing/graphql-client.ts';
import { withSession } from '../database/session.ts';
import { principalChanged } from '../identity/events.ts';
import { dig, type Message } from '../live/testing.ts';
import { revokeApiToken, servers, wrongCode, type TokenStage } from './testing.ts';

const errorOf = ({ payload }: Message): unknown => dig(payload, 0, 'extensions', 'code');

/** What a token holds open ends with it. */
export function openedByTokens(stage: TokenStage): void {
  describe('what a token holds open', () => {
    const over = 20_000;

    test('ends at once when it is revoked, by its owner or by itself', async () => {
      const revoked = await stage.make(stage.admin, ['servers:read']);
      using first = await stage.following(revoked);
      await stage.admin.client.query(revokeApiToken, { input: { tokenId: revoked.id } });
      expect(await within(first.closed, 'the socket to close', over)).toMatchObject({ code: 4401 });
      const itself = await stage.make(stage.admin, ['servers:read']);
      const other = await stage.make(stage.admin, ['servers:read']);
      using second = await stage.following(itself);
      const revoke = (tokenId: string) => itself.client.answer(revokeApiToken, { input: { tokenId } });
      expect(codeOf(await revoke(other.id))).toBe('NOT_FOUND');
      expect(codeOf(await revoke(itself.id))).toBeUndefined();
      expect(await within(second.closed, 'the socket to close', over)).toMatchObject({ code: 4401 });
      expect(codeOf(await other.client.answer(servers))).toBeUndefined();
    });

    test('ends when it expires, though nobody says so', async () => {
      const soon = await stage.make(stage.admin, ['servers:read'], {
        expiresAt: new Date(Date.now() + 3_000).toISOString(),
      });
      using socket = await stage.following(soon);
      expect(await within(socket.closed, 'the socket to close', 3_000 + over)).toMatchObject({ code: 4401 });
    });

    test('ends when its owner is disabled or deleted', async () => {
      for (const end of [
        'mutation ($id: ID!) { setUserDisabled(input: { userId: $id, disabled: true }) { user { id } } }',
        'mutation ($id: ID!) { deleteUser(input: { userId: $id }) { deletedUserId } }',
      ]) {
        const owner = await stage.api.join('viewer');
        const token = await stage.make(owner, ['servers:read']);
        using socket = await stage.following(token);
        await stage.admin.client.query(end, { id: owner.userId });
        expect(await within(socket.closed, 'the socket to close', over)).toMatchObject({ code: 4401 });
        expect((await token.client.post('{}')).status).toBe(401);
      }
    });

    test('does not come back when its owner is enabled again', async () => {
      const owner = await stage.api.join('viewer');
      const token = await stage.make(owner, ['servers:read']);
      const set = (disabled: boolean) =>
        stage.admin.client.query(
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
      const owner = await stage.api.join('operator');
      const { pool, prisma } = stage.api.platform.db;
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
      const owner = await stage.api.join('viewer');
      using socket = await stage.following(await stage.make(owner, ['servers:read']));
      await stage.api.platform.db.prisma.user.update({
        where: { id: owner.userId },
        data: { role: 'nothing we know' },
      });
      stage.api.services.topics.publish(principalChanged, { userId: owner.userId });
      expect(errorOf(await within(socket.next(), 'the end of the subscription', over))).toBe(
        'PERMISSION_DENIED',
      );
    });
  });
}

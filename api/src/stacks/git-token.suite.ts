import { describe, expect, test } from 'vitest';
import type { TestClient } from '../../../testing/graphql-client.ts';
import type { TestApi, TestPerson } from '../graphql/testing.ts';
import { two, type GitStage } from './testing.ts';

/** A program with a token of somebody's. */
async function program(
  { stranger }: TestApi,
  person: TestPerson,
): Promise<{ readonly client: TestClient; readonly tokenId: string }> {
  const document =
    'mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret token { id } } }';
  const input = { name: 'deployer', scopes: ['servers:read', 'docker:compose:*', 'docker:images:write'] };
  const { createApiToken: made } = await person.client.query<{
    createApiToken: { secret: string; token: { id: string } };
  }>(document, { input });
  return { client: stranger.with({ token: made.secret, origin: null }), tokenId: made.token.id };
}

/** Stacks that a program bound. */
export function withToken(git: GitStage): void {
  describe('with an API token', () => {
    const later = () => git.api.services.gitSources.conductor.round(Date.now() + 61_000);
    const hold = async (): Promise<unknown> => git.api.services.gitSources.hold(await git.row());

    test('new commits are deployed with what the token may, which is less than its owner', async () => {
      const { client } = await program(git.api, git.admin);
      await git.running({ pollSeconds: 60 }, { ...git.admin, client });
      git.head = two;
      await later();
      expect(git.deployed).toMatchObject([{ commit: two }]);
      expect(git.scopes.at(-1)).not.toContain('docker:containers:privileged');
      expect(await hold()).toBeNull();
    });

    test.each([
      ['was revoked', { revokedAt: new Date() }, /was revoked or has expired/],
      ['has expired', { expiresAt: new Date(0) }, /was revoked or has expired/],
      ['is worth less', { scopes: ['servers:read', 'docker:compose:read'] }, /token .* may not deploy/],
      ['is deleted', null, /was revoked or has expired/],
    ])(
      'nothing is deployed any more once it %s, which is told and once on record',
      async (_what, data, why) => {
        const { client, tokenId: id } = await program(git.api, git.admin);
        await git.running({ pollSeconds: 60 }, { ...git.admin, client });
        const { prisma } = git.api.platform.db;
        if (data) await prisma.apiToken.update({ where: { id }, data });
        else await prisma.apiToken.delete({ where: { id } });
        git.head = two;
        await later();
        await later();
        expect(git.deployed).toEqual([]);
        expect((await git.row()).failure).toMatch(why);
        expect(await hold()).toBe('token');
        await git.api.services.audit.flush();
        const events = await prisma.auditEvent.findMany({
          where: { action: 'stack.sync', serverId: git.serverId, outcome: 'refused' },
        });
        expect(events).toMatchObject([{ count: 1 }]);
        // Its owner goes on with it.
        await git.running({ pollSeconds: 60 });
        expect(await hold()).toBeNull();
      },
    );
  });
}

import { createHmac } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { http } from '../../../testing/http.ts';
import { three, two, type GitStage } from './testing.ts';

const signed = (secret: string, body = '{"ref":"refs/heads/main"}') => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
});

/** What a repository's host sends when somebody pushed. */
export function webhooks(git: GitStage): void {
  const push = (
    path: string,
    headers: Readonly<Record<string, string>>,
    body = '{"ref":"refs/heads/main"}',
  ) =>
    http(`${git.api.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });

  describe('a webhook', () => {
    test('of a signed push has the new commit deployed; a push to another branch does not', async () => {
      const { webhookSecret, source } = await git.running();
      git.head = two;
      const other = '{"ref":"refs/heads/other"}';
      expect((await push(source.webhookPath, signed(webhookSecret, other), other)).status).toBe(202);
      expect(await git.row()).toMatchObject({ wanted: false });
      expect((await push(source.webhookPath, signed(webhookSecret))).status).toBe(202);
      await eventually(() => git.deployed.length === 1, 'the new commit to be deployed');
      expect(git.deployed).toMatchObject([{ commit: two }]);
      // Two pushes at once, while that goes on.
      git.head = three;
      const told = { 'x-gitlab-token': webhookSecret };
      await Promise.all([push(source.webhookPath, told), push(source.webhookPath, signed(webhookSecret))]);
      expect(git.deployed).toHaveLength(1);
      await git.ends(two);
      // A round that is asked for while one is at work is that one, which may have looked before the job ended.
      const { conductor } = git.api.services.gitSources;
      await eventually(async () => {
        await conductor.round();
        return git.deployed.length === 2;
      }, 'the one after it');
      await git.ends(three);
      await eventually(async () => {
        await conductor.round();
        return (await git.row()).commit === three;
      }, 'its end to be known');
      await conductor.round();
      expect(git.deployed).toHaveLength(2);
    });

    test('that is forged, unknown, too large or without a secret is answered alike, and on record', async () => {
      const { webhookSecret, source } = await git.running();
      const { prisma } = git.api.platform.db;
      const answers = [
        await push(source.webhookPath, {}),
        await push(source.webhookPath, signed('guessed')),
        await push(source.webhookPath, { 'x-gitlab-token': 'guessed' }),
        await push(source.webhookPath, { 'x-hub-signature-256': 'sha256=00' }),
        await push(source.webhookPath, signed(webhookSecret, 'another body')),
        await push('/hooks/git/git_000000000000000000000000', signed(webhookSecret)),
        await push('/hooks/git/', signed(webhookSecret)),
      ];
      for (const { status, body } of answers) {
        expect({ status, body }).toEqual({ status: 404, body: 'There is nothing here.\n' });
      }
      const large = 'x'.repeat(3 * 1024 * 1024);
      // The connection may be closed before all of it was sent.
      const tooLarge = await push(source.webhookPath, signed(webhookSecret, large), large).catch(() => ({
        status: 404,
      }));
      expect(tooLarge.status).toBe(404);
      await prisma.gitSource.updateMany({ data: { sealedHook: null } });
      expect((await push(source.webhookPath, signed(webhookSecret))).status).toBe(404);
      expect(await git.row()).toMatchObject({ wanted: false });
      await git.api.services.audit.flush();
      expect(
        await prisma.auditEvent.count({ where: { action: 'gitSource.hook', outcome: 'refused' } }),
      ).toBeGreaterThan(1);
    });

    test('of other branches takes nothing from those of its own', async () => {
      const { webhookSecret, source } = await git.running();
      const other = '{"ref":"refs/heads/other"}';
      for (let count = 0; count < 40; count += 1) {
        expect((await push(source.webhookPath, signed(webhookSecret, other), other)).status).toBe(202);
      }
      expect((await push(source.webhookPath, signed(webhookSecret))).status).toBe(202);
    });

    test('that is sent again and again is refused like any other in the end', async () => {
      const { webhookSecret, source } = await git.running();
      const statuses: number[] = [];
      for (let count = 0; count < 40; count += 1) {
        statuses.push((await push(source.webhookPath, signed(webhookSecret))).status);
      }
      expect(statuses[0]).toBe(202);
      expect(statuses).toContain(404);
    });

    test('that is refused for being one of many has what it announced looked at all the same', async () => {
      const { webhookSecret, source } = await git.running();
      vi.spyOn(git.api.services.gitSources.conductor, 'begin').mockResolvedValue({ done: Promise.resolve() });
      const { prisma } = git.api.platform.db;
      const where = { id: source.id };
      const retryAt = new Date(Date.now() + 3_600_000);
      const deliver = async (): Promise<number> => {
        await prisma.gitSource.update({ where, data: { wanted: false, retryAt } });
        return (await push(source.webhookPath, signed(webhookSecret))).status;
      };
      let status = 202;
      for (let count = 0; count < 40 && status === 202; count += 1) status = await deliver();
      expect(status).toBe(404);
      expect(await git.row(), 'it hurries nobody').toMatchObject({ wanted: true, retryAt });
    });
  });
}

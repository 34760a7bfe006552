import { describe, expect, test, vi } from 'vitest';
import type { AgentLink } from '../agents/link.ts';
import { ServerKitError } from '../errors.ts';
import { GitConductor } from './git-conductor.ts';
import { DeployGitStackDocument, GitHeadDocument } from './operations.ts';
import { one, two, type GitStage } from './testing.ts';

/** An announcement, whatever comes between it and the deployment. */
export function announcedCommits(git: GitStage): void {
  describe('an announced commit', () => {
    /** Nobody but those that a test begins looks at sources. */
    async function alone(given: object = {}, person = git.admin): Promise<string> {
      const { source } = await git.running(given, person);
      vi.spyOn(git.api.services.gitSources.conductor, 'begin').mockResolvedValue({ done: Promise.resolve() });
      git.head = two;
      return source.id;
    }
    const announce = (id: string) => git.api.services.gitSources.announce(id);
    /** What another process does, which knows nothing of this one. */
    const round = (ms = 0) => new GitConductor(git.conductorNeeds()).round(Date.now() + ms);
    const never = new Promise<never>(() => undefined);

    /** The agent's end answers in another way. */
    type Answer = (
      document: unknown,
      usual: () => Promise<unknown>,
      signal: AbortSignal | undefined,
    ) => Promise<unknown>;
    async function answers(answer: Answer) {
      const { commands } = git.api.services.agents;
      const link = await commands.link(git.serverId, 'docker:compose:write');
      const run = (...given: Parameters<AgentLink['run']>) =>
        answer(given[0], () => link.run(...given), given[2].signal);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a link no more is asked here
      return vi.spyOn(commands, 'link').mockResolvedValue({ ...link, run } as unknown as AgentLink);
    }

    test('is deployed although the process died while the repository was asked', async () => {
      const id = await alone();
      const asked = Promise.withResolvers<void>();
      await answers(() => {
        asked.resolve();
        return never;
      });
      await announce(id);
      await new GitConductor(git.conductorNeeds()).begin();
      await asked.promise;
      const before = git.head;
      git.agent();
      git.head = before;
      await round();
      expect(git.deployed).toMatchObject([{ commit: two }]);
    });

    test('is deployed although the process died before there was a job', async () => {
      const id = await alone();
      const claimed = Promise.withResolvers<void>();
      vi.spyOn(git.api.services.jobs, 'start').mockImplementationOnce(() => {
        claimed.resolve();
        return never;
      });
      await announce(id);
      await new GitConductor(git.conductorNeeds()).begin();
      await claimed.promise;
      expect((await git.row()).jobId, 'it is claimed').not.toBeNull();
      await round();
      expect(git.deployed).toMatchObject([{ commit: two }]);
    });

    test('is deployed after an error that nobody foresaw', async () => {
      const id = await alone();
      vi.spyOn(git.api.services.agents.commands, 'link').mockRejectedValueOnce(new TypeError('a surprise'));
      await announce(id);
      await round();
      expect(await git.row()).toMatchObject({ wanted: true, failures: 1 });
      await round(61_000);
      expect(git.deployed).toMatchObject([{ commit: two }]);
    });

    test.each(['while the process stops', 'while an answer is on its way'] as const)(
      'is deployed where it was announced %s',
      async (when) => {
        const id = await alone({ pollSeconds: 3600 });
        git.head = one;
        const asked = Promise.withResolvers<void>();
        const go = Promise.withResolvers<void>();
        const link = await answers(async (_document, usual, signal) => {
          const answer = await usual();
          asked.resolve();
          signal?.addEventListener('abort', () => go.reject(new ServerKitError('AGENT_TIMEOUT', 'Ended.')));
          await go.promise;
          return answer;
        });
        const conductor = new GitConductor(git.conductorNeeds());
        const { done } = await conductor.begin(Date.now() + 3_601_000);
        await asked.promise;
        await announce(id);
        if (when === 'while the process stops') await conductor.end();
        else go.resolve();
        await done;
        expect(await git.row()).toMatchObject({ wanted: true, failures: 0 });
        link.mockRestore();
        git.agent();
        git.head = two;
        await round();
        expect(git.deployed).toMatchObject([{ commit: two }]);
      },
    );

    test('is deployed again where that ended at once, and may go well the next time', async () => {
      const id = await alone();
      await answers(async (document, usual) => {
        const answer = await usual();
        if (document === DeployGitStackDocument) {
          await git.ends(two, { code: 'CONFLICT', message: 'Somebody deploys it right now.' });
          expect(await git.api.services.gitSources.find(git.serverId, 'shop')).toMatchObject({ jobId: null });
        }
        return answer;
      });
      await announce(id);
      await round();
      expect(await git.row()).toMatchObject({ wanted: true, jobId: null });
      await round(61_000);
      expect(git.deployed).toMatchObject([{ commit: two }, { commit: two }]);
    });

    test('is deployed after an earlier one that somebody deployed first of all', async () => {
      const { source } = await git.bind();
      vi.spyOn(git.api.services.gitSources.conductor, 'begin').mockResolvedValue({ done: Promise.resolve() });
      await announce(source.id);
      await round();
      expect(git.deployed, 'nobody has deployed it before').toEqual([]);
      await git.deploy();
      await git.ends(one);
      git.head = two;
      await round();
      expect(git.deployed).toMatchObject([{}, { commit: two }]);
    });

    test('is deployed once whoever bound the stack is back', async () => {
      const boss = await git.api.join('admin');
      const id = await alone({}, boss);
      const { user } = git.api.platform.db.prisma;
      await user.update({ where: { id: boss.userId }, data: { disabledAt: new Date() } });
      await announce(id);
      await round();
      expect(git.deployed).toEqual([]);
      await user.update({ where: { id: boss.userId }, data: { disabledAt: null } });
      // What is refused from here on stands for itself on record.
      await git.api.services.audit.flush();
      await round(61_000);
      expect(git.deployed).toMatchObject([{ commit: two }]);
    });

    test('is deployed although the stack is bound anew to the same repository', async () => {
      await announce(await alone());
      await git.bind();
      await round();
      expect(git.deployed).toMatchObject([{ commit: two }]);
    });

    test.each([
      ['another repository', { url: 'https://git.example/team/other.git' }],
      ['another branch', { branch: 'next' }],
      ['the same one, but not to deploy by itself', { webhook: false }],
    ])('is none of a stack that is bound anew to %s', async (_to, given) => {
      await announce(await alone());
      await git.bind(given);
      expect(await git.row()).toMatchObject({ wanted: false });
    });

    test('is looked at once, where it is no news', async () => {
      const id = await alone();
      git.head = one;
      await announce(id);
      await round();
      expect(await git.row()).toMatchObject({ wanted: false, commit: one });
    });

    test('is not deployed with a right that was lost while that was prepared, but without it', async () => {
      const boss = await git.api.join('admin');
      const id = await alone({}, boss);
      await answers(async (document, usual) => {
        const answer = await usual();
        // The last thing that is asked before.
        if (document === GitHeadDocument) {
          const { user } = git.api.platform.db.prisma;
          await user.update({ where: { id: boss.userId }, data: { role: 'operator' } });
        }
        return answer;
      });
      await announce(id);
      await round();
      expect(git.deployed).toEqual([]);
      expect((await git.row()).failure).toMatch(/lost a right/);
      await round(61_000);
      expect(git.deployed).toMatchObject([{ commit: two }]);
      expect(git.scopes.at(-1)).not.toContain('docker:containers:privileged');
    });
  });
}

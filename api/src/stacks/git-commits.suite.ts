import { describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import type { AgentLink } from '../agents/link.ts';
import { ServerKitError } from '../errors.ts';
import { addServer } from '../metrics/testing.ts';
import { GitConductor } from './git-conductor.ts';
import { one, three, two, type GitStage } from './testing.ts';

/** What is found where it is time to ask a repository. */
export function newCommits(git: GitStage): void {
  describe('new commits', () => {
    test('are deployed when it is time to ask, once, and as whoever bound the stack', async () => {
      await git.running({ pollSeconds: 60 });
      const { conductor } = git.api.services.gitSources;
      git.head = two;
      await conductor.round();
      expect(git.deployed, 'not asked yet').toEqual([]);
      await Promise.all([conductor.round(Date.now() + 61_000), conductor.round(Date.now() + 61_000)]);
      expect(git.deployed).toMatchObject([{ commit: two, baseVersion: 1, env: null }]);
      const job = await git.api.services.jobs.require(String(git.deployed[0]?.['jobId']));
      expect(job.actor).toMatchObject({ kind: 'token', id: git.admin.userId });
      expect(job.kind).toBe('stack.sync');
      // Another one comes while that goes on.
      git.head = three;
      await conductor.round(Date.now() + 61_000);
      expect(git.deployed).toHaveLength(1);
      await git.ends(two);
      await conductor.round(Date.now() + 61_000);
      expect(git.deployed).toMatchObject([{ commit: two }, { commit: three }]);
      expect(await git.row()).toMatchObject({ commit: two, seenCommit: three });
    });

    test('that cannot be deployed are told of and not tried again; those that may later are', async () => {
      await git.running({ pollSeconds: 60 });
      const { conductor } = git.api.services.gitSources;
      const later = () => conductor.round(Date.now() + 61_000);
      git.head = two;
      await later();
      await git.ends(two, { code: 'CONFLICT', message: 'Somebody deploys it right now.' });
      await later();
      expect(git.deployed).toHaveLength(2);
      await git.ends(two, { code: 'DOCKER_ERROR', message: 'web exited with 7. Version 1 runs again.' });
      await later();
      await later();
      expect(git.deployed).toHaveLength(2);
      expect(await git.row()).toMatchObject({
        commit: one,
        failure: 'web exited with 7. Version 1 runs again.',
      });
      vi.spyOn(git.api.services.agents.commands, 'link').mockRejectedValue(
        new ServerKitError('AGENT_OFFLINE', 'Away.'),
      );
      await later();
      expect(await git.row()).toMatchObject({ failure: 'Away.' });
    });

    test('are deployed with no more than that person holds at the moment', async () => {
      const boss = await git.api.join('admin');
      await git.running({ pollSeconds: 60 }, boss);
      const { prisma } = git.api.platform.db;
      const { conductor } = git.api.services.gitSources;
      const later = () => conductor.round(Date.now() + 61_000);
      git.head = two;
      await later();
      expect(git.scopes.at(-1)).toContain('docker:containers:privileged');
      await git.ends(two);
      const where = { id: boss.userId };
      await prisma.user.update({ where, data: { role: 'operator' } });
      git.head = three;
      await later();
      expect(git.scopes.at(-1)).not.toContain('docker:containers:privileged');
      await git.ends(three);
      git.deployed = [];
      for (const [data, why] of [
        [{ role: 'viewer' }, /may not deploy stacks on this server any more/],
        [{ role: 'admin', disabledAt: new Date() }, /is disabled/],
      ] as const) {
        await prisma.user.update({ where, data });
        git.head = one;
        await later();
        expect(git.deployed).toEqual([]);
        expect((await git.row()).failure).toMatch(why);
      }
      await prisma.user.delete({ where });
      await later();
      expect((await git.row()).failure).toMatch(/no account any more/);
      await git.api.services.audit.flush();
      const refusals = { action: 'stack.sync', serverId: git.serverId, outcome: 'refused' };
      expect(await prisma.auditEvent.count({ where: refusals })).toBeGreaterThan(0);
    });
  });

  test('a server that does not answer holds up neither other servers nor the end of the process', async () => {
    await git.running({ pollSeconds: 60 });
    const slow = git.serverId;
    git.serverId = (await addServer(git.api.platform.db)).id;
    await git.running({ pollSeconds: 60 });
    git.head = two;
    const { commands } = git.api.services.agents;
    const answering = await commands.link(git.serverId, 'docker:compose:write');
    const asked = Promise.withResolvers<void>();
    const link = {
      ...answering,
      run: (_document: unknown, _variables: unknown, { signal }: { readonly signal: AbortSignal }) => {
        asked.resolve();
        const { promise, reject } = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => reject(new ServerKitError('AGENT_TIMEOUT', 'Ended.')));
        return promise;
      },
    };
    vi.spyOn(commands, 'link').mockImplementation((id) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a link no more is asked here
      Promise.resolve(id === slow ? (link as unknown as AgentLink) : answering),
    );
    const conductor = new GitConductor(git.conductorNeeds());
    const { done } = await conductor.begin(Date.now() + 61_000);
    await asked.promise;
    await eventually(() => git.deployed.length === 1, 'the other one to be deployed');
    await conductor.end();
    await done;
    const where = { serverId_stack: { serverId: slow, stack: 'shop' } };
    expect(await git.api.platform.db.prisma.gitSource.findUniqueOrThrow({ where })).toMatchObject({
      failures: 0,
    });
  });
}

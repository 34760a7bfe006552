import { describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { codeOf } from '../../../testing/graphql-client.ts';
import { ServerKitError } from '../errors.ts';
import type { TestPerson } from '../graphql/testing.ts';
import { bindDocument, deployDocument, one, token, two, type GitStage } from './testing.ts';

/** The connection of a stack to its repository: what it tells, and who may make, use and end it. */
export function boundStacks(git: GitStage): void {
  describe('a stack that is bound to a repository', () => {
    test('has its credential in no answer, no record and no column as it is; only the agent is sent it', async () => {
      const made = await git.bind();
      const jobId = await git.deploy();
      expect(git.deployed).toMatchObject([
        { jobId, name: 'shop', source: { token, username: 'git' }, env: null },
      ]);
      const found = await git.admin.client.query(
        'query ($serverId: ID!) { server(id: $serverId) { gitSource(stack: "shop") { url credential username failure deploying } } }',
        { serverId: git.serverId },
      );
      expect(found).toMatchObject({ server: { gitSource: { credential: 'TOKEN', deploying: true } } });
      const { prisma } = git.api.platform.db;
      const [events, jobs, stored] = [
        await prisma.auditEvent.findMany(),
        await prisma.job.findMany(),
        await git.row(),
      ];
      const everything = JSON.stringify([made, found, events, jobs, stored], (_key, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      expect(everything + Buffer.from(stored.sealedCredential ?? []).toString('latin1')).not.toContain(token);
      // Whoever can write to the database alone does not have it sent elsewhere.
      await prisma.gitSource.update({
        where: { id: stored.id },
        data: { url: 'https://thief.example/x', jobId: null },
      });
      expect(codeOf(await git.admin.client.answer(deployDocument, { input: git.place() }))).toBe('INTERNAL');
    });

    test('is bound, checked, deployed and freed by nobody who may only look', async () => {
      await git.bind();
      const { client } = await git.api.join('viewer');
      const documents = [
        bindDocument,
        deployDocument,
        'mutation C($input: CheckGitSourceInput!) { checkGitSource(input: $input) { source { id } } }',
        'mutation U($input: UnbindGitSourceInput!) { unbindGitSource(input: $input) { source { id } } }',
      ];
      for (const document of documents) {
        const url = document === bindDocument ? { url: 'https://git.example/a.git' } : {};
        expect(codeOf(await client.answer(document, { input: { ...git.place(), ...url } }))).toBe(
          'PERMISSION_DENIED',
        );
        expect(
          codeOf(await git.admin.client.answer(document, { input: { ...git.place(), ...url } })),
        ).toBeUndefined();
      }
      expect(await git.api.services.gitSources.find(git.serverId, 'shop')).toBeNull();
    });

    test('bound anew while it is deployed, is not taken for deployed from there', async () => {
      await git.bind();
      await git.deploy();
      await git.bind({ url: 'https://git.example/team/other.git' });
      await git.ends(one);
      await git.api.services.gitSources.conductor.round();
      expect(await git.row()).toMatchObject({
        url: 'https://git.example/team/other.git',
        commit: null,
        jobId: null,
      });
    });

    test('is bound no more once it has been removed for good, and still where that failed', async () => {
      await git.running();
      const document = 'mutation R($input: RemoveStackInput!) { removeStack(input: $input) { job { id } } }';
      const remove = async (state: 'failed' | 'succeeded'): Promise<void> => {
        const { removeStack } = await git.admin.client.query<{ removeStack: { job: { id: string } } }>(
          document,
          { input: git.place() },
        );
        const { jobs } = git.api.services;
        const job = await jobs.require(removeStack.job.id);
        const error =
          state === 'failed' ? ({ code: 'CONFLICT', message: 'It is being deployed.' } as const) : null;
        const result = error ? null : { containers: 1, networks: 1, volumes: 0 };
        await jobs.records.end(job, { state, result, error });
        jobs.tell(await jobs.require(job.id), true);
      };
      await remove('failed');
      await git.api.services.gitSources.releaseMissed();
      expect(await git.api.services.gitSources.find(git.serverId, 'shop')).not.toBeNull();
      await remove('succeeded');
      const gone = async () => (await git.api.services.gitSources.find(git.serverId, 'shop')) === null;
      await eventually(gone, 'the end of its connection');
      const [event] = await git.api.platform.db.prisma.auditEvent.findMany({
        where: { action: 'gitSource.unbind', serverId: git.serverId },
      });
      expect(event).toMatchObject({ targetName: 'shop', actorId: git.admin.userId });
    });

    test('is bound by a person who has proven lately that it is them', async () => {
      const late = await git.api.join('admin');
      await git.api.platform.db.prisma.session.update({
        where: { id: late.sessionId },
        data: { freshAt: new Date(Date.now() - 3_600_000) },
      });
      const input = { ...git.place(), url: 'https://git.example/team/app.git' };
      expect(codeOf(await late.client.answer(bindDocument, { input }))).toBe('FRESH_SIGN_IN_REQUIRED');
    });

    test('is deployed once, however many ask for it at the same moment', async () => {
      await git.bind();
      const answers = await Promise.all(
        [1, 2, 3].map(() => git.admin.client.answer(deployDocument, { input: git.place() })),
      );
      expect(
        answers
          .map((answer) => codeOf(answer) ?? 'BEGUN')
          .map(String)
          .toSorted((a, b) => a.localeCompare(b)),
      ).toEqual(['BEGUN', 'CONFLICT', 'CONFLICT']);
      expect(git.deployed).toHaveLength(1);
      expect(await git.row()).toMatchObject({ jobId: git.deployed[0]?.['jobId'] });
    });

    test('whose deployment did not begin can be deployed again', async () => {
      await git.bind();
      const link = vi.spyOn(git.api.services.agents.commands, 'link');
      link.mockRejectedValueOnce(new ServerKitError('AGENT_OFFLINE', 'Away.'));
      expect(codeOf(await git.admin.client.answer(deployDocument, { input: git.place() }))).toBe(
        'AGENT_OFFLINE',
      );
      expect(await git.row()).toMatchObject({ jobId: null });
      await git.deploy();
      expect(git.deployed).toHaveLength(1);
    });

    test('is not deployed once its connection has ended while that was prepared', async () => {
      await git.bind();
      const { commands } = git.api.services.agents;
      const link = await commands.link(git.serverId, 'docker:compose:write');
      vi.spyOn(commands, 'link').mockImplementationOnce(async () => {
        await git.api.services.gitSources.unbind(git.serverId, 'shop', {
          actor: { kind: 'system', label: 'test' },
        });
        return link;
      });
      const answer = await git.admin.client.answer(deployDocument, { input: git.place() });
      expect(codeOf(answer)).toBe('CONFLICT');
      expect(git.deployed).toEqual([]);
    });

    test('tells the file of its newest commit over HTTP only, and that is on record', async () => {
      await git.bind();
      const ask =
        'query ($serverId: ID!) { server(id: $serverId) { gitSource(stack: "shop") { plan { commit compose } } } }';
      await using socket = git.admin.client.subscribe<object>(ask, { serverId: git.serverId });
      await expect(socket.next()).rejects.toThrow('HTTP');
      expect(await git.admin.client.query(ask, { serverId: git.serverId })).toEqual({
        server: { gitSource: { plan: { commit: one, compose: 'services: {}' } } },
      });
      const events = await git.api.platform.db.prisma.auditEvent.findMany({
        where: { action: 'stack.read-files', serverId: git.serverId },
      });
      expect(events).toMatchObject([
        { targetId: 'shop', actorId: git.admin.userId, parameters: { commit: one } },
      ]);
    });

    test('tells what its deployment said to those alone who may read that', async () => {
      await git.running();
      await git.deploy();
      await git.ends(two, { code: 'CONFLICT', message: 'web has a bad value hunter2' });
      const ask =
        'query ($serverId: ID!) { server(id: $serverId) { gitSource(stack: "shop") { failure deploying } } }';
      const tell = async ({ client }: TestPerson) =>
        (await client.answer(ask, { serverId: git.serverId })).data;
      expect(await tell(git.admin)).toMatchObject({
        server: { gitSource: { failure: 'web has a bad value hunter2', deploying: false } },
      });
      expect(await tell(await git.api.join('viewer'))).toMatchObject({
        server: { gitSource: { failure: null } },
      });
    });

    test.each([
      'ext::sh -c x',
      'http://git.example/a.git',
      'https://ada:pw@git.example/a.git',
      'file:///etc',
    ])('does not come from %j', async (url) => {
      expect(codeOf(await git.admin.client.answer(bindDocument, { input: { ...git.place(), url } }))).toBe(
        'INPUT_INVALID',
      );
    });
  });
}

import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { codeOf, type TestClient } from '../../../testing/graphql-client.ts';
import { http } from '../../../testing/http.ts';
import type { AgentLink } from '../agents/link.ts';
import { ServerKitError, type ErrorCode } from '../errors.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { Mandates } from '../mandates/service.ts';
import { addServer } from '../metrics/testing.ts';
import { GitAsker } from './git-asker.ts';
import { GitConductor } from './git-conductor.ts';
import { GitDeployments } from './git-deployments.ts';
import {
  DeployGitStackDocument,
  GitHeadDocument,
  GitPlanDocument,
  RemoveStackDocument,
} from './operations.ts';

let api: TestApi;
let admin: TestPerson;
let serverId: string;
beforeAll(async () => {
  api = await testApi();
  admin = await api.join('admin');
});
beforeEach(async () => {
  serverId = (await addServer(api.platform.db)).id;
  agent();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await api.platform.db.prisma.gitSource.deleteMany();
});
afterAll(() => api[Symbol.asyncDispose]());

const one = '1'.repeat(40);
const two = '2'.repeat(40);
const three = '3'.repeat(40);
const token = 'hunter2-hunter2-token';

/** The agent's end: what the branch points to, and what it was asked to deploy. */
let head = one;
const planned = {
  compose: 'services: {}',
  plan: {
    problems: [],
    warnings: [],
    privileged: [],
    denied: null,
    builds: false,
    services: [],
    version: 1,
    composeVersion: '2',
  },
};
let deployed: Record<string, unknown>[] = [];
let scopes: (readonly string[])[] = [];
function agent(): void {
  head = one;
  deployed = [];
  scopes = [];
  const link = {
    scopes: new Set(['docker:compose:write']),
    run(document: unknown, variables: Record<string, unknown>, call: { readonly scopes: readonly string[] }) {
      if (document === GitHeadDocument) {
        return Promise.resolve({ gitHead: { commit: head, knownHosts: '' } });
      }
      if (document === RemoveStackDocument) {
        return Promise.resolve({ removeStack: { id: variables['jobId'] } });
      }
      if (document === GitPlanDocument) return Promise.resolve({ gitPlan: { ...planned, commit: head } });
      if (document !== DeployGitStackDocument) return Promise.reject(new Error('nobody asks for this'));
      deployed.push(variables);
      scopes.push(call.scopes);
      return Promise.resolve({ deployGitStack: { id: variables['jobId'] } });
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a link no more is asked here
  vi.spyOn(api.services.agents.commands, 'link').mockResolvedValue(link as unknown as AgentLink);
  const version = {
    number: 1,
    at: 1,
    actor: 'x',
    restores: null,
    composeVersion: '2',
    commit: one,
    services: [],
  };
  vi.spyOn(api.services.stacks, 'versions').mockResolvedValue([version]);
}

/** What a conductor of its own takes: one that has ended does nothing any more. */
function conductorNeeds(): ConstructorParameters<typeof GitConductor>[0] {
  const { platform, services } = api;
  const asker = new GitAsker({ ...platform, ...services });
  const deployments = new GitDeployments({ ...platform, ...services, asker });
  const mandates = new Mandates({ ...services, db: platform.db });
  return { ...platform, ...services, asker, deployments, mandates };
}

const bindDocument =
  'mutation B($input: BindGitSourceInput!) { bindGitSource(input: $input) { webhookSecret source { id url webhookPath commit seenCommit } } }';
interface Bound {
  readonly bindGitSource: {
    readonly webhookSecret: string;
    readonly source: { readonly id: string; readonly webhookPath: string; readonly seenCommit: string };
  };
}
const place = () => ({ serverId, name: 'shop' });
const bind = async (given: object = {}, { client } = admin): Promise<Bound['bindGitSource']> => {
  const input = { ...place(), url: 'https://git.example/team/app.git', token, webhook: true, ...given };
  return (await client.query<Bound>(bindDocument, { input })).bindGitSource;
};
const deployDocument =
  'mutation D($input: DeployGitSourceInput!) { deployGitSource(input: $input) { job { id } } }';
const deploy = async ({ client } = admin): Promise<string> =>
  (await client.query<{ deployGitSource: { job: { id: string } } }>(deployDocument, { input: place() }))
    .deployGitSource.job.id;

const row = () =>
  api.platform.db.prisma.gitSource.findUniqueOrThrow({
    where: { serverId_stack: { serverId, stack: 'shop' } },
  });

/** The job that was begun last comes to an end. */
async function ends(
  commit: string,
  error: { code: 'DOCKER_ERROR' | 'CONFLICT'; message: string } | null = null,
) {
  const { jobs } = api.services;
  const job = await jobs.require(String(deployed.at(-1)?.['jobId']));
  const state = error ? 'failed' : 'succeeded';
  await jobs.records.end(job, { state, result: error ? null : { version: 2, commit }, error });
}

/** With a first deployment behind it. */
async function running(given: object = {}, person = admin): Promise<Bound['bindGitSource']> {
  const bound = await bind(given, person);
  await deploy(person);
  await ends(one);
  await api.services.gitSources.conductor.round();
  expect(await row()).toMatchObject({ commit: one, jobId: null, failure: null });
  deployed = [];
  scopes = [];
  return bound;
}

const push = (path: string, headers: Readonly<Record<string, string>>, body = '{"ref":"refs/heads/main"}') =>
  http(`${api.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
const signed = (secret: string, body = '{"ref":"refs/heads/main"}') => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
});

describe('a stack that is bound to a repository', () => {
  test('has its credential in no answer, no record and no column as it is; only the agent is sent it', async () => {
    const made = await bind();
    const jobId = await deploy();
    expect(deployed).toMatchObject([{ jobId, name: 'shop', source: { token, username: 'git' }, env: null }]);
    const found = await admin.client.query(
      'query ($serverId: ID!) { server(id: $serverId) { gitSource(stack: "shop") { url credential username failure deploying } } }',
      { serverId },
    );
    expect(found).toMatchObject({ server: { gitSource: { credential: 'TOKEN', deploying: true } } });
    const { prisma } = api.platform.db;
    const [events, jobs, stored] = [
      await prisma.auditEvent.findMany(),
      await prisma.job.findMany(),
      await row(),
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
    expect(codeOf(await admin.client.answer(deployDocument, { input: place() }))).toBe('INTERNAL');
  });

  test('is bound, checked, deployed and freed by nobody who may only look', async () => {
    await bind();
    const { client } = await api.join('viewer');
    const documents = [
      bindDocument,
      deployDocument,
      'mutation C($input: CheckGitSourceInput!) { checkGitSource(input: $input) { source { id } } }',
      'mutation U($input: UnbindGitSourceInput!) { unbindGitSource(input: $input) { source { id } } }',
    ];
    for (const document of documents) {
      const url = document === bindDocument ? { url: 'https://git.example/a.git' } : {};
      expect(codeOf(await client.answer(document, { input: { ...place(), ...url } }))).toBe(
        'PERMISSION_DENIED',
      );
      expect(codeOf(await admin.client.answer(document, { input: { ...place(), ...url } }))).toBeUndefined();
    }
    expect(await api.services.gitSources.find(serverId, 'shop')).toBeNull();
  });

  test('bound anew while it is deployed, is not taken for deployed from there', async () => {
    await bind();
    await deploy();
    await bind({ url: 'https://git.example/team/other.git' });
    await ends(one);
    await api.services.gitSources.conductor.round();
    expect(await row()).toMatchObject({
      url: 'https://git.example/team/other.git',
      commit: null,
      jobId: null,
    });
  });

  test('is bound no more once it has been removed for good, and still where that failed', async () => {
    await running();
    const document = 'mutation R($input: RemoveStackInput!) { removeStack(input: $input) { job { id } } }';
    const remove = async (state: 'failed' | 'succeeded'): Promise<void> => {
      const { removeStack } = await admin.client.query<{ removeStack: { job: { id: string } } }>(document, {
        input: place(),
      });
      const { jobs } = api.services;
      const job = await jobs.require(removeStack.job.id);
      const error =
        state === 'failed' ? ({ code: 'CONFLICT', message: 'It is being deployed.' } as const) : null;
      const result = error ? null : { containers: 1, networks: 1, volumes: 0 };
      await jobs.records.end(job, { state, result, error });
      jobs.tell(await jobs.require(job.id), true);
    };
    await remove('failed');
    await api.services.gitSources.releaseMissed();
    expect(await api.services.gitSources.find(serverId, 'shop')).not.toBeNull();
    await remove('succeeded');
    const gone = async () => (await api.services.gitSources.find(serverId, 'shop')) === null;
    await eventually(gone, 'the end of its connection');
    const [event] = await api.platform.db.prisma.auditEvent.findMany({
      where: { action: 'gitSource.unbind', serverId },
    });
    expect(event).toMatchObject({ targetName: 'shop', actorId: admin.userId });
  });

  test('is bound by a person who has proven lately that it is them', async () => {
    const late = await api.join('admin');
    await api.platform.db.prisma.session.update({
      where: { id: late.sessionId },
      data: { freshAt: new Date(Date.now() - 3_600_000) },
    });
    const input = { ...place(), url: 'https://git.example/team/app.git' };
    expect(codeOf(await late.client.answer(bindDocument, { input }))).toBe('FRESH_SIGN_IN_REQUIRED');
  });

  test('is deployed once, however many ask for it at the same moment', async () => {
    await bind();
    const answers = await Promise.all(
      [1, 2, 3].map(() => admin.client.answer(deployDocument, { input: place() })),
    );
    expect(
      answers
        .map((answer) => codeOf(answer) ?? 'BEGUN')
        .map(String)
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['BEGUN', 'CONFLICT', 'CONFLICT']);
    expect(deployed).toHaveLength(1);
    expect(await row()).toMatchObject({ jobId: deployed[0]?.['jobId'] });
  });

  test('whose deployment did not begin can be deployed again', async () => {
    await bind();
    const link = vi.spyOn(api.services.agents.commands, 'link');
    link.mockRejectedValueOnce(new ServerKitError('AGENT_OFFLINE', 'Away.'));
    expect(codeOf(await admin.client.answer(deployDocument, { input: place() }))).toBe('AGENT_OFFLINE');
    expect(await row()).toMatchObject({ jobId: null });
    await deploy();
    expect(deployed).toHaveLength(1);
  });

  test('is not deployed once its connection has ended while that was prepared', async () => {
    await bind();
    const { commands } = api.services.agents;
    const link = await commands.link(serverId, 'docker:compose:write');
    vi.spyOn(commands, 'link').mockImplementationOnce(async () => {
      await api.services.gitSources.unbind(serverId, 'shop', { actor: { kind: 'system', label: 'test' } });
      return link;
    });
    const answer = await admin.client.answer(deployDocument, { input: place() });
    expect(codeOf(answer)).toBe('CONFLICT');
    expect(deployed).toEqual([]);
  });

  test('tells the file of its newest commit over HTTP only, and that is on record', async () => {
    await bind();
    const ask =
      'query ($serverId: ID!) { server(id: $serverId) { gitSource(stack: "shop") { plan { commit compose } } } }';
    await using socket = admin.client.subscribe<object>(ask, { serverId });
    await expect(socket.next()).rejects.toThrow('HTTP');
    expect(await admin.client.query(ask, { serverId })).toEqual({
      server: { gitSource: { plan: { commit: one, compose: 'services: {}' } } },
    });
    const events = await api.platform.db.prisma.auditEvent.findMany({
      where: { action: 'stack.read-files', serverId },
    });
    expect(events).toMatchObject([{ targetId: 'shop', actorId: admin.userId, parameters: { commit: one } }]);
  });

  test('tells what its deployment said to those alone who may read that', async () => {
    await running();
    await deploy();
    await ends(two, { code: 'CONFLICT', message: 'web has a bad value hunter2' });
    const ask =
      'query ($serverId: ID!) { server(id: $serverId) { gitSource(stack: "shop") { failure deploying } } }';
    const tell = async ({ client }: TestPerson) => (await client.answer(ask, { serverId })).data;
    expect(await tell(admin)).toMatchObject({
      server: { gitSource: { failure: 'web has a bad value hunter2', deploying: false } },
    });
    expect(await tell(await api.join('viewer'))).toMatchObject({ server: { gitSource: { failure: null } } });
  });

  test.each(['ext::sh -c x', 'http://git.example/a.git', 'https://ada:pw@git.example/a.git', 'file:///etc'])(
    'does not come from %j',
    async (url) => {
      expect(codeOf(await admin.client.answer(bindDocument, { input: { ...place(), url } }))).toBe(
        'INPUT_INVALID',
      );
    },
  );
});

describe('new commits', () => {
  test('are deployed when it is time to ask, once, and as whoever bound the stack', async () => {
    await running({ pollSeconds: 60 });
    const { conductor } = api.services.gitSources;
    head = two;
    await conductor.round();
    expect(deployed, 'not asked yet').toEqual([]);
    await Promise.all([conductor.round(Date.now() + 61_000), conductor.round(Date.now() + 61_000)]);
    expect(deployed).toMatchObject([{ commit: two, baseVersion: 1, env: null }]);
    const job = await api.services.jobs.require(String(deployed[0]?.['jobId']));
    expect(job.actor).toMatchObject({ kind: 'token', id: admin.userId });
    expect(job.kind).toBe('stack.sync');
    // Another one comes while that goes on.
    head = three;
    await conductor.round(Date.now() + 61_000);
    expect(deployed).toHaveLength(1);
    await ends(two);
    await conductor.round(Date.now() + 61_000);
    expect(deployed).toMatchObject([{ commit: two }, { commit: three }]);
    expect(await row()).toMatchObject({ commit: two, seenCommit: three });
  });

  test('that cannot be deployed are told of and not tried again; those that may later are', async () => {
    await running({ pollSeconds: 60 });
    const { conductor } = api.services.gitSources;
    const later = () => conductor.round(Date.now() + 61_000);
    head = two;
    await later();
    await ends(two, { code: 'CONFLICT', message: 'Somebody deploys it right now.' });
    await later();
    expect(deployed).toHaveLength(2);
    await ends(two, { code: 'DOCKER_ERROR', message: 'web exited with 7. Version 1 runs again.' });
    await later();
    await later();
    expect(deployed).toHaveLength(2);
    expect(await row()).toMatchObject({ commit: one, failure: 'web exited with 7. Version 1 runs again.' });
    vi.spyOn(api.services.agents.commands, 'link').mockRejectedValue(
      new ServerKitError('AGENT_OFFLINE', 'Away.'),
    );
    await later();
    expect(await row()).toMatchObject({ failure: 'Away.' });
  });

  test('are deployed with no more than that person holds at the moment', async () => {
    const boss = await api.join('admin');
    await running({ pollSeconds: 60 }, boss);
    const { prisma } = api.platform.db;
    const { conductor } = api.services.gitSources;
    const later = () => conductor.round(Date.now() + 61_000);
    head = two;
    await later();
    expect(scopes.at(-1)).toContain('docker:containers:privileged');
    await ends(two);
    const where = { id: boss.userId };
    await prisma.user.update({ where, data: { role: 'operator' } });
    head = three;
    await later();
    expect(scopes.at(-1)).not.toContain('docker:containers:privileged');
    await ends(three);
    deployed = [];
    for (const [data, why] of [
      [{ role: 'viewer' }, /may not deploy stacks on this server any more/],
      [{ role: 'admin', disabledAt: new Date() }, /is disabled/],
    ] as const) {
      await prisma.user.update({ where, data });
      head = one;
      await later();
      expect(deployed).toEqual([]);
      expect((await row()).failure).toMatch(why);
    }
    await prisma.user.delete({ where });
    await later();
    expect((await row()).failure).toMatch(/no account any more/);
    await api.services.audit.flush();
    const refusals = { action: 'stack.sync', serverId, outcome: 'refused' };
    expect(await prisma.auditEvent.count({ where: refusals })).toBeGreaterThan(0);
  });
});

describe('an announced commit', () => {
  /** Nobody but those that a test begins looks at sources. */
  async function alone(given: object = {}, person = admin): Promise<string> {
    const { source } = await running(given, person);
    vi.spyOn(api.services.gitSources.conductor, 'begin').mockResolvedValue({ done: Promise.resolve() });
    head = two;
    return source.id;
  }
  const announce = (id: string) => api.services.gitSources.announce(id);
  /** What another process does, which knows nothing of this one. */
  const round = (ms = 0) => new GitConductor(conductorNeeds()).round(Date.now() + ms);
  const never = new Promise<never>(() => undefined);

  /** The agent's end answers in another way. */
  type Answer = (
    document: unknown,
    usual: () => Promise<unknown>,
    signal: AbortSignal | undefined,
  ) => Promise<unknown>;
  async function answers(answer: Answer) {
    const { commands } = api.services.agents;
    const link = await commands.link(serverId, 'docker:compose:write');
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
    await new GitConductor(conductorNeeds()).begin();
    await asked.promise;
    const before = head;
    agent();
    head = before;
    await round();
    expect(deployed).toMatchObject([{ commit: two }]);
  });

  test('is deployed although the process died before there was a job', async () => {
    const id = await alone();
    const claimed = Promise.withResolvers<void>();
    vi.spyOn(api.services.jobs, 'start').mockImplementationOnce(() => {
      claimed.resolve();
      return never;
    });
    await announce(id);
    await new GitConductor(conductorNeeds()).begin();
    await claimed.promise;
    expect((await row()).jobId, 'it is claimed').not.toBeNull();
    await round();
    expect(deployed).toMatchObject([{ commit: two }]);
  });

  test('is deployed after an error that nobody foresaw', async () => {
    const id = await alone();
    vi.spyOn(api.services.agents.commands, 'link').mockRejectedValueOnce(new TypeError('a surprise'));
    await announce(id);
    await round();
    expect(await row()).toMatchObject({ wanted: true, failures: 1 });
    await round(61_000);
    expect(deployed).toMatchObject([{ commit: two }]);
  });

  test.each(['while the process stops', 'while an answer is on its way'] as const)(
    'is deployed where it was announced %s',
    async (when) => {
      const id = await alone({ pollSeconds: 3600 });
      head = one;
      const asked = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      const link = await answers(async (_document, usual, signal) => {
        const answer = await usual();
        asked.resolve();
        signal?.addEventListener('abort', () => go.reject(new ServerKitError('AGENT_TIMEOUT', 'Ended.')));
        await go.promise;
        return answer;
      });
      const conductor = new GitConductor(conductorNeeds());
      const { done } = await conductor.begin(Date.now() + 3_601_000);
      await asked.promise;
      await announce(id);
      if (when === 'while the process stops') await conductor.end();
      else go.resolve();
      await done;
      expect(await row()).toMatchObject({ wanted: true, failures: 0 });
      link.mockRestore();
      agent();
      head = two;
      await round();
      expect(deployed).toMatchObject([{ commit: two }]);
    },
  );

  test('is deployed again where that ended at once, and may go well the next time', async () => {
    const id = await alone();
    await answers(async (document, usual) => {
      const answer = await usual();
      if (document === DeployGitStackDocument) {
        await ends(two, { code: 'CONFLICT', message: 'Somebody deploys it right now.' });
        expect(await api.services.gitSources.find(serverId, 'shop')).toMatchObject({ jobId: null });
      }
      return answer;
    });
    await announce(id);
    await round();
    expect(await row()).toMatchObject({ wanted: true, jobId: null });
    await round(61_000);
    expect(deployed).toMatchObject([{ commit: two }, { commit: two }]);
  });

  test('is deployed after an earlier one that somebody deployed first of all', async () => {
    const { source } = await bind();
    vi.spyOn(api.services.gitSources.conductor, 'begin').mockResolvedValue({ done: Promise.resolve() });
    await announce(source.id);
    await round();
    expect(deployed, 'nobody has deployed it before').toEqual([]);
    await deploy();
    await ends(one);
    head = two;
    await round();
    expect(deployed).toMatchObject([{}, { commit: two }]);
  });

  test('is deployed once whoever bound the stack is back', async () => {
    const boss = await api.join('admin');
    const id = await alone({}, boss);
    const { user } = api.platform.db.prisma;
    await user.update({ where: { id: boss.userId }, data: { disabledAt: new Date() } });
    await announce(id);
    await round();
    expect(deployed).toEqual([]);
    await user.update({ where: { id: boss.userId }, data: { disabledAt: null } });
    // What is refused from here on stands for itself on record.
    await api.services.audit.flush();
    await round(61_000);
    expect(deployed).toMatchObject([{ commit: two }]);
  });

  test('is deployed although the stack is bound anew to the same repository', async () => {
    await announce(await alone());
    await bind();
    await round();
    expect(deployed).toMatchObject([{ commit: two }]);
  });

  test.each([
    ['another repository', { url: 'https://git.example/team/other.git' }],
    ['another branch', { branch: 'next' }],
    ['the same one, but not to deploy by itself', { webhook: false }],
  ])('is none of a stack that is bound anew to %s', async (_to, given) => {
    await announce(await alone());
    await bind(given);
    expect(await row()).toMatchObject({ wanted: false });
  });

  test('is looked at once, where it is no news', async () => {
    const id = await alone();
    head = one;
    await announce(id);
    await round();
    expect(await row()).toMatchObject({ wanted: false, commit: one });
  });

  test('is not deployed with a right that was lost while that was prepared, but without it', async () => {
    const boss = await api.join('admin');
    const id = await alone({}, boss);
    await answers(async (document, usual) => {
      const answer = await usual();
      // The last thing that is asked before.
      if (document === GitHeadDocument) {
        const { user } = api.platform.db.prisma;
        await user.update({ where: { id: boss.userId }, data: { role: 'operator' } });
      }
      return answer;
    });
    await announce(id);
    await round();
    expect(deployed).toEqual([]);
    expect((await row()).failure).toMatch(/lost a right/);
    await round(61_000);
    expect(deployed).toMatchObject([{ commit: two }]);
    expect(scopes.at(-1)).not.toContain('docker:containers:privileged');
  });
});

/** A program with a token of somebody's. */
async function program(
  person: TestPerson,
): Promise<{ readonly client: TestClient; readonly tokenId: string }> {
  const document =
    'mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret token { id } } }';
  const input = { name: 'deployer', scopes: ['servers:read', 'docker:compose:*', 'docker:images:write'] };
  const { createApiToken: made } = await person.client.query<{
    createApiToken: { secret: string; token: { id: string } };
  }>(document, { input });
  return { client: api.stranger.with({ token: made.secret, origin: null }), tokenId: made.token.id };
}

describe('with an API token', () => {
  const later = () => api.services.gitSources.conductor.round(Date.now() + 61_000);
  const hold = async (): Promise<unknown> => api.services.gitSources.hold(await row());

  test('new commits are deployed with what the token may, which is less than its owner', async () => {
    const { client } = await program(admin);
    await running({ pollSeconds: 60 }, { ...admin, client });
    head = two;
    await later();
    expect(deployed).toMatchObject([{ commit: two }]);
    expect(scopes.at(-1)).not.toContain('docker:containers:privileged');
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
      const { client, tokenId: id } = await program(admin);
      await running({ pollSeconds: 60 }, { ...admin, client });
      const { prisma } = api.platform.db;
      if (data) await prisma.apiToken.update({ where: { id }, data });
      else await prisma.apiToken.delete({ where: { id } });
      head = two;
      await later();
      await later();
      expect(deployed).toEqual([]);
      expect((await row()).failure).toMatch(why);
      expect(await hold()).toBe('token');
      await api.services.audit.flush();
      const events = await prisma.auditEvent.findMany({
        where: { action: 'stack.sync', serverId, outcome: 'refused' },
      });
      expect(events).toMatchObject([{ count: 1 }]);
      // Its owner goes on with it.
      await running({ pollSeconds: 60 });
      expect(await hold()).toBeNull();
    },
  );
});

describe('what goes wrong and may go well the next time', () => {
  const minute = 60_000;
  const away = (code: ErrorCode) =>
    vi.spyOn(api.services.agents.commands, 'link').mockRejectedValue(new ServerKitError(code, 'Not now.'));
  const round = (ms = 0) => api.services.gitSources.conductor.round(Date.now() + ms);
  const waits = async (): Promise<number> => {
    const { retryAt, checkedAt } = await row();
    return Math.round((Number(retryAt) - Number(checkedAt)) / minute);
  };

  test('is tried again later each time, an hour at most, and all is forgotten when it goes well', async () => {
    await running({ pollSeconds: 60 });
    const link = away('GIT_ERROR');
    const pauses: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      await round(24 * 60 * minute);
      pauses.push(await waits());
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    const asked = link.mock.calls.length;
    await round(59 * minute);
    expect(link.mock.calls.length, 'it is left alone').toBe(asked);
    expect(await api.services.gitSources.hold(await row())).toBe('paused');
    agent();
    await round(61 * minute);
    expect(await row()).toMatchObject({ failures: 0, retryAt: null, failure: null });
  });

  test('has a push that was announced meanwhile deployed in the end, where nothing is asked by itself', async () => {
    const { source } = await running();
    away('GIT_ERROR');
    await api.services.gitSources.announce(source.id);
    await round();
    expect(await row()).toMatchObject({ wanted: true, failure: 'Not now.' });
    agent();
    head = two;
    await round();
    expect(deployed, 'it is left alone').toEqual([]);
    await round(61_000);
    expect(deployed).toMatchObject([{ commit: two }]);
    // The deployment itself comes at a bad moment.
    await ends(two, { code: 'CONFLICT', message: 'Somebody deploys it right now.' });
    await round();
    expect(await row()).toMatchObject({ wanted: true, failedCommit: null });
    await round(61_000);
    expect(deployed).toMatchObject([{ commit: two }, { commit: two }]);
  });

  test('does not wait once somebody pushes', async () => {
    const { source } = await running();
    away('GIT_ERROR');
    await api.services.gitSources.announce(source.id);
    await round();
    agent();
    head = two;
    await api.services.gitSources.announce(source.id);
    await round();
    expect(deployed).toMatchObject([{ commit: two }]);
  });

  test('is not tried again where somebody ended it', async () => {
    await running({ pollSeconds: 60 });
    head = two;
    await round(61_000);
    const { jobs } = api.services;
    const job = await jobs.require(String(deployed.at(-1)?.['jobId']));
    const error = { code: 'CANCELLED', message: 'It was cancelled.' } as const;
    await jobs.records.end(job, { state: 'cancelled', result: null, error });
    await round(24 * 60 * minute);
    await round(24 * 60 * minute);
    expect(deployed).toHaveLength(1);
    expect(await row()).toMatchObject({ failedCommit: two, wanted: false });
    expect(await api.services.gitSources.hold(await row())).toBe('failed');
  });
});

test('a server that does not answer holds up neither other servers nor the end of the process', async () => {
  await running({ pollSeconds: 60 });
  const slow = serverId;
  serverId = (await addServer(api.platform.db)).id;
  await running({ pollSeconds: 60 });
  head = two;
  const { commands } = api.services.agents;
  const answering = await commands.link(serverId, 'docker:compose:write');
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
  const conductor = new GitConductor(conductorNeeds());
  const { done } = await conductor.begin(Date.now() + 61_000);
  await asked.promise;
  await eventually(() => deployed.length === 1, 'the other one to be deployed');
  await conductor.end();
  await done;
  const where = { serverId_stack: { serverId: slow, stack: 'shop' } };
  expect(await api.platform.db.prisma.gitSource.findUniqueOrThrow({ where })).toMatchObject({ failures: 0 });
});

describe('a webhook', () => {
  test('of a signed push has the new commit deployed; a push to another branch does not', async () => {
    const { webhookSecret, source } = await running();
    head = two;
    const other = '{"ref":"refs/heads/other"}';
    expect((await push(source.webhookPath, signed(webhookSecret, other), other)).status).toBe(202);
    expect(await row()).toMatchObject({ wanted: false });
    expect((await push(source.webhookPath, signed(webhookSecret))).status).toBe(202);
    await eventually(() => deployed.length === 1, 'the new commit to be deployed');
    expect(deployed).toMatchObject([{ commit: two }]);
    // Two pushes at once, while that goes on.
    head = three;
    const told = { 'x-gitlab-token': webhookSecret };
    await Promise.all([push(source.webhookPath, told), push(source.webhookPath, signed(webhookSecret))]);
    expect(deployed).toHaveLength(1);
    await ends(two);
    await api.services.gitSources.conductor.round();
    await eventually(() => deployed.length === 2, 'the one after it');
    await ends(three);
    await api.services.gitSources.conductor.round();
    expect(deployed).toHaveLength(2);
    expect(await row()).toMatchObject({ commit: three });
  });

  test('that is forged, unknown, too large or without a secret is answered alike, and on record', async () => {
    const { webhookSecret, source } = await running();
    const { prisma } = api.platform.db;
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
    expect(await row()).toMatchObject({ wanted: false });
    await api.services.audit.flush();
    expect(
      await prisma.auditEvent.count({ where: { action: 'gitSource.hook', outcome: 'refused' } }),
    ).toBeGreaterThan(1);
  });

  test('of other branches takes nothing from those of its own', async () => {
    const { webhookSecret, source } = await running();
    const other = '{"ref":"refs/heads/other"}';
    for (let count = 0; count < 40; count += 1) {
      expect((await push(source.webhookPath, signed(webhookSecret, other), other)).status).toBe(202);
    }
    expect((await push(source.webhookPath, signed(webhookSecret))).status).toBe(202);
  });

  test('that is sent again and again is refused like any other in the end', async () => {
    const { webhookSecret, source } = await running();
    const statuses: number[] = [];
    for (let count = 0; count < 40; count += 1) {
      statuses.push((await push(source.webhookPath, signed(webhookSecret))).status);
    }
    expect(statuses[0]).toBe(202);
    expect(statuses).toContain(404);
  });

  test('that is refused for being one of many has what it announced looked at all the same', async () => {
    const { webhookSecret, source } = await running();
    vi.spyOn(api.services.gitSources.conductor, 'begin').mockResolvedValue({ done: Promise.resolve() });
    const { prisma } = api.platform.db;
    const where = { id: source.id };
    const retryAt = new Date(Date.now() + 3_600_000);
    const deliver = async (): Promise<number> => {
      await prisma.gitSource.update({ where, data: { wanted: false, retryAt } });
      return (await push(source.webhookPath, signed(webhookSecret))).status;
    };
    let status = 202;
    for (let count = 0; count < 40 && status === 202; count += 1) status = await deliver();
    expect(status).toBe(404);
    expect(await row(), 'it hurries nobody').toMatchObject({ wanted: true, retryAt });
  });
});

import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { codeOf } from '../../../testing/graphql-client.ts';
import { http } from '../../../testing/http.ts';
import type { AgentLink } from '../agents/link.ts';
import { ServerKitError } from '../errors.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { addServer } from '../metrics/testing.ts';
import { DeployGitStackDocument, GitHeadDocument, RemoveStackDocument } from './operations.ts';

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
  await api.services.gitSources.round();
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
    await api.services.gitSources.round();
    expect(await row()).toMatchObject({
      url: 'https://git.example/team/other.git',
      commit: null,
      jobId: null,
    });
  });

  test('is bound no more once it is removed for good', async () => {
    await running();
    const document = 'mutation R($input: RemoveStackInput!) { removeStack(input: $input) { job { id } } }';
    await admin.client.query(document, { input: place() });
    expect(await api.services.gitSources.find(serverId, 'shop')).toBeNull();
    const [event] = await api.platform.db.prisma.auditEvent.findMany({
      where: { action: 'gitSource.unbind', serverId },
    });
    expect(event).toMatchObject({ targetName: 'shop', actorId: admin.userId });
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
    const { gitSources } = api.services;
    head = two;
    await gitSources.round();
    expect(deployed, 'not asked yet').toEqual([]);
    await Promise.all([gitSources.round(Date.now() + 61_000), gitSources.round(Date.now() + 61_000)]);
    expect(deployed).toMatchObject([{ commit: two, baseVersion: 1, env: null }]);
    const job = await api.services.jobs.require(String(deployed[0]?.['jobId']));
    expect(job.actor).toMatchObject({ kind: 'token', id: admin.userId });
    expect(job.kind).toBe('stack.sync');
    // Another one comes while that goes on.
    head = three;
    await gitSources.round(Date.now() + 61_000);
    expect(deployed).toHaveLength(1);
    await ends(two);
    await gitSources.round(Date.now() + 61_000);
    expect(deployed).toMatchObject([{ commit: two }, { commit: three }]);
    expect(await row()).toMatchObject({ commit: two, seenCommit: three });
  });

  test('that cannot be deployed are told of and not tried again; those that may later are', async () => {
    await running({ pollSeconds: 60 });
    const { gitSources } = api.services;
    const later = () => gitSources.round(Date.now() + 61_000);
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
    const { gitSources } = api.services;
    const later = () => gitSources.round(Date.now() + 61_000);
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
    await api.services.gitSources.round();
    await eventually(() => deployed.length === 2, 'the one after it');
    await ends(three);
    await api.services.gitSources.round();
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

  test('that is sent again and again is refused like any other in the end', async () => {
    const { webhookSecret, source } = await running();
    const statuses: number[] = [];
    for (let count = 0; count < 40; count += 1) {
      statuses.push((await push(source.webhookPath, signed(webhookSecret))).status);
    }
    expect(statuses[0]).toBe(202);
    expect(statuses).toContain(404);
  });
});

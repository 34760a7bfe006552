import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/tmp.ts';
import { testApi, type TestApi } from '../src/testing.ts';
import { ran } from './testing.ts';

const env = (api: TestApi) => ({ SERVERKIT_URL: api.url, SERVERKIT_TOKEN: 'sk_test' });
const page = (nodes: readonly object[]) => ({ nodes, pageInfo: { hasNextPage: false, endCursor: null } });
const server = (name: string) => ({ id: `srv_${name}`, name });

interface World {
  /** Of the fleet, or that fit a filter. */
  readonly servers?: readonly string[];
  readonly plans?: readonly object[];
  readonly excluded?: readonly object[];
  /** Servers that have the image. */
  readonly images?: readonly string[];
  readonly unanswered?: readonly string[];
  /** How it stands on the servers, each time that it is asked for. */
  readonly standings?: (readonly object[])[];
}

/** A fleet as it answers; keeps what was asked of it by the name of the operation. */
function serve(api: TestApi, world: World) {
  const asked = new Map<string, unknown>();
  const { servers = [], plans = [], excluded = [], images = [], unanswered = [], standings = [] } = world;
  const answers: Readonly<Record<string, () => object>> = {
    Servers: () => ({ servers: page(servers.map(server)) }),
    ServerGroups: () => ({
      serverGroups: [
        { id: 'grp_eu', name: 'eu', parentId: null },
        { id: 'grp_web', name: 'web', parentId: 'grp_eu' },
        { id: 'grp_us', name: 'us', parentId: null },
        { id: 'grp_other', name: 'web', parentId: 'grp_us' },
      ],
    }),
    PlanFleetDeployment: () => ({ planFleetDeployment: plans }),
    ProposePlacement: () => ({ proposePlacement: { candidates: [], excluded } }),
    Images: () => ({
      images: {
        ...page(images.map((name) => ({ server: server(name) }))),
        unanswered: unanswered.map((name) => ({ serverId: `srv_${name}` })),
      },
    }),
    DeployStackToMany: () => ({ deployStackToMany: { job: { id: 'job_1' } } }),
    PullImageOnMany: () => ({ pullImageOnMany: { job: { id: 'job_1' } } }),
    JobTargets: () => {
      const targets = standings.shift() ?? [];
      return { job: { id: 'job_1', state: standings.length > 0 ? 'RUNNING' : 'FAILED', targets } };
    },
  };
  api.reply = ({ payload: { query, variables } }) => {
    const name = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? '';
    asked.set(name, variables?.['input'] ?? variables?.['filter']);
    return { data: answers[name]?.() };
  };
  return asked;
}

const plan = (name: string, more: object = {}) => ({
  serverId: `srv_${name}`,
  error: null,
  plan: {
    problems: [],
    privileged: [],
    denied: null,
    version: null,
    services: [{ service: 'web', action: 'CREATE' }],
    ...more,
  },
});
const target = (name: string, state: string, errorMessage: string | null = null) => ({
  serverId: `srv_${name}`,
  name,
  state,
  errorCode: errorMessage === null ? null : 'DOCKER_ERROR',
  errorMessage,
  job: null,
});

async function composeFile() {
  const folder = await tempDir('serverkit-cli-many-');
  writeFileSync(folder.file('compose.yaml'), 'services: {}\n');
  return folder;
}

test('a stack is begun nowhere while its plan fails on one of its servers, and what fails is told', async () => {
  await using api = await testApi();
  await using folder = await composeFile();
  const bad = plan('b', { problems: [{ line: 3, message: 'no such key' }] });
  const asked = serve(api, { servers: ['a', 'b'], plans: [plan('a'), bad] });
  const args = ['deploy', 'shop', '--file', folder.file('compose.yaml'), '--server', 'b', '--server', 'a'];
  const { code, out, err } = await ran(args, { env: env(api) });
  expect(code).toBe(1);
  expect(out.text).toBe('SERVER  OK   PLAN\na       yes  web: create\nb       no   line 3: no such key\n');
  expect(err.text).toBe(
    'serverkit: It cannot be done on 1 of 2 servers, so nothing was begun. To do it on the others: --leave-out.\n',
  );
  expect(asked.get('PlanFleetDeployment')).toEqual({
    serverIds: ['srv_b', 'srv_a'],
    name: 'shop',
    files: { compose: 'services: {}\n', env: '' },
  });
  expect(asked.has('DeployStackToMany')).toBe(false);
});

test('each server is told of once, as it ends there, and one that failed fails the whole', async () => {
  await using api = await testApi();
  await using folder = await composeFile();
  const offline = {
    serverId: 'srv_c',
    plan: null,
    error: { code: 'AGENT_OFFLINE', message: 'c is offline.' },
  };
  const asked = serve(api, {
    servers: ['a', 'b', 'c'],
    plans: [plan('a', { version: 4 }), plan('b', { privileged: [{ option: 'web.pid' }] }), offline],
    standings: [
      [target('a', 'SUCCEEDED'), target('b', 'WAITING')],
      [target('a', 'SUCCEEDED'), target('b', 'FAILED', 'no space left on device')],
    ],
  });
  const options = ['--file', folder.file('compose.yaml'), '--tag', 'web', '--leave-out', '--keep-going'];
  const done = ran(['deploy', 'shop', ...options, '--parallel', '2', '--json'], { env: env(api) });
  const events = await api.subscription();
  expect(events.payload.variables).toMatchObject({ id: 'job_1' });
  events.next({ data: { jobEvents: {} } });
  events.next({ data: { jobEvents: {} } });
  events.complete();
  const { code, out, err } = await done;
  expect(code).toBe(1);
  expect(out.objects).toEqual([
    { server: 'a', step: 'plan', ok: true, what: 'web: create' },
    {
      server: 'b',
      step: 'plan',
      ok: true,
      what: 'web: create; reaches beyond its containers: web.pid',
    },
    { server: 'c', step: 'plan', ok: false, what: 'c is offline.' },
    { server: 'a', step: 'result', ok: true, state: 'SUCCEEDED', errorCode: null, error: null },
    {
      server: 'b',
      step: 'result',
      ok: false,
      state: 'FAILED',
      errorCode: 'DOCKER_ERROR',
      error: 'no space left on device',
    },
  ]);
  expect(err.text).toBe('serverkit: It is job job_1.\nserverkit: It was done on 1 of 2 servers.\n');
  expect(asked.get('Servers')).toEqual({ tags: ['web'] });
  expect(asked.get('DeployStackToMany')).toMatchObject({
    serverIds: ['srv_a', 'srv_b'],
    baseVersions: [{ serverId: 'srv_a', version: 4 }],
    parallel: 2,
    onFailure: 'CONTINUE',
    pull: false,
  });
});

test('of an image is told who has it, who cannot take it, and of whom that is not known', async () => {
  await using api = await testApi();
  const asked = serve(api, {
    servers: ['a', 'b', 'c', 'd', 'e'],
    excluded: [
      { serverId: 'srv_c', reason: 'OFFLINE' },
      { serverId: 'srv_d', reason: 'MAINTENANCE' },
    ],
    images: ['a'],
    unanswered: ['d'],
  });
  const { code, out } = await ran(['pull', 'nginx', '--group', 'eu/web', '--plan'], { env: env(api) });
  expect(code).toBe(1);
  expect(out.text.split('\n').map((line) => line.split(/ {2,}/).slice(1))).toEqual([
    ['OK', 'PLAN'],
    ['yes', 'there already; pull what is newer'],
    ['yes', 'pull: not there yet'],
    ['no', 'It is offline.'],
    ['yes', 'pull'],
    ['yes', 'pull: not there yet'],
    [],
  ]);
  expect(asked.get('Servers')).toEqual({ tags: [], groupId: 'grp_web' });
  expect(asked.get('Images')).toMatchObject({ reference: 'nginx' });
  expect(asked.has('PullImageOnMany')).toBe(false);
});

test('where it was done on all, the exit code says so', async () => {
  await using api = await testApi();
  const asked = serve(api, { servers: ['a'], standings: [[target('a', 'SUCCEEDED')]] });
  const args = ['pull', 'nginx', '--server', 'a', '--server', 'a', '--platform', 'linux/arm64', '--stop'];
  const done = ran(args, { env: env(api) });
  (await api.subscription()).complete();
  const { code, out } = await done;
  expect([code, out.text.split('\n').at(-2)]).toEqual([0, 'a: done']);
  expect(asked.get('PullImageOnMany')).toEqual({
    serverIds: ['srv_a'],
    reference: 'nginx',
    platform: 'linux/arm64',
    parallel: 5,
    onFailure: 'STOP',
  });
});

test('whoever interrupts it hears that it goes on', async () => {
  await using api = await testApi();
  serve(api, { servers: ['a'] });
  const stop = new AbortController();
  const done = ran(['pull', 'nginx', '--server', 'a'], { env: env(api), signal: stop.signal });
  const { left } = await api.subscription();
  stop.abort();
  expect((await done).err.text).toContain('It goes on; to end it, cancel job job_1.');
  await left;
});

test.each([
  [['pull', 'nginx'], 2, 'Say which servers'],
  [['pull', 'nginx', '--server', 'a', '--tag', 'web'], 2, 'Say which servers'],
  [['pull', 'nginx', '--server', 'a', '--parallel', '51'], 2, '--parallel takes'],
  [['pull', '--server', 'a'], 2, 'Write: serverkit pull'],
  [['deploy', 'shop', '--server', 'a'], 2, 'Write: serverkit deploy'],
  [['deploy', 'shop', '--server', 'a', '--file', '/nowhere'], 1, '/nowhere cannot be read'],
  [['pull', 'nginx', '--server', 'a'], 1, 'There is no server named a. There are: none.'],
  [['pull', 'nginx', '--tag', 'web', '--group', 'eu'], 1, 'There is no server with the tag web and in eu.'],
  [['pull', 'nginx', '--group', 'web'], 2, 'There are several groups named web: write the path of one'],
  [['pull', 'nginx', '--group', 'asia'], 1, 'There is no group asia. There are: eu, eu/web, us, us/web.'],
] as const)('%j is refused in a sentence', async (args, exitCode, words) => {
  await using api = await testApi();
  serve(api, {});
  const { code, out, err } = await ran(args, { env: env(api) });
  expect([code, out.text]).toEqual([exitCode, '']);
  expect(err.text).toMatch(/^serverkit: [^\n]+\n$/);
  expect(err.text).toContain(words);
});

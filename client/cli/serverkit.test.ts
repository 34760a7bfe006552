import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../testing/events.ts';
import { testApi, type TestApi } from '../src/testing.ts';
import { instantOf } from './commands/logs.ts';
import { safeText } from './safe-text.ts';
import { ran, TestSink } from './testing.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'serverkit-cli-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const env = (api: TestApi) => ({ SERVERKIT_URL: api.url, SERVERKIT_TOKEN: 'sk_test' });
const viewer = {
  viewer: { scopes: ['servers:read'], user: { id: 'usr_1', email: 'a@b.c', name: 'Ada', role: 'ADMIN' } },
};

const server = (name: string, more: object = {}) => ({
  id: `srv_${name}`,
  name,
  description: '',
  tags: ['prod'],
  status: 'ONLINE',
  connection: 'ONLINE',
  maintenance: false,
  isLocal: false,
  agentVersion: '0.1.0',
  lastSeenAt: null,
  lastError: null,
  facts: null,
  ...more,
});
const container = (name: string, on = 'web-1', more: object = {}) => ({
  id: `${name}${'0'.repeat(64)}`.slice(0, 64),
  name,
  image: 'debian',
  state: 'RUNNING',
  status: 'Up 1 minute',
  health: null,
  cpuPercent: 1.25,
  memoryBytes: 3 * 1024 * 1024,
  labels: [],
  ports: [],
  server: { id: `srv_${on}`, name: on, status: 'ONLINE' },
  ...more,
});
const page = (nodes: readonly object[]) => ({
  totalCount: nodes.length,
  nodes,
  pageInfo: { hasNextPage: false, endCursor: null },
});

/** Answers lists with these, and mutations with `acted`. */
function serve(
  api: TestApi,
  { servers = [], containers = [] }: { servers?: object[]; containers?: object[] } = {},
) {
  const inputs: unknown[] = [];
  api.reply = ({ payload: { query, variables } }) => {
    if (query.includes('query Servers')) return { data: { servers: page(servers) } };
    if (query.includes('query Containers')) return { data: { containers: page(containers) } };
    if (query.includes('query Viewer')) return { data: viewer };
    inputs.push(variables?.['input']);
    return { data: { done: true } };
  };
  return inputs;
}

describe('login', () => {
  test('takes the token from standard input, tries it, and keeps it for its owner alone', async () => {
    await using api = await testApi();
    serve(api, { servers: [server('web-1')] });
    const at = { XDG_CONFIG_HOME: home };
    const { code, out, err } = await ran(['login', '--url', api.url], { stdin: 'sk_secret\n', env: at });
    expect([code, err.text]).toEqual([0, '']);
    expect(out.text).toContain('Signed in to');
    const file = join(home, 'serverkit', 'config.json');
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(readFileSync(file, 'utf8')).toContain('sk_secret');
    expect(out.text).not.toContain('sk_secret');
    const listed = await ran(['servers', '--json'], { env: at });
    expect(listed.out.objects).toMatchObject([{ name: 'web-1' }]);
  });

  test('keeps nothing that does not work', async () => {
    await using api = await testApi();
    api.reply = () => ({ data: null, errors: [{ message: 'No.', extensions: { code: 'UNAUTHENTICATED' } }] });
    const { code, err } = await ran(['login', '--url', api.url], {
      stdin: 'sk_wrong',
      env: { XDG_CONFIG_HOME: home },
    });
    expect(code).toBe(3);
    expect(err.text).toBe(
      'serverkit: The token is not valid, or not any more. Sign in again: serverkit login.\n',
    );
    expect((await ran(['servers'], { env: { XDG_CONFIG_HOME: home } })).code).toBe(2);
  });

  test('several contexts: one is in use, another can be chosen, each forgotten', async () => {
    await using api = await testApi();
    serve(api);
    const at = { env: { XDG_CONFIG_HOME: home } };
    for (const name of ['one', 'two'])
      await ran(['login', '--url', api.url, '--name', name], { ...at, stdin: `sk_${name}` });
    expect((await ran(['contexts', '--json'], at)).out.objects).toMatchObject([
      { name: 'one', current: false },
      { name: 'two', current: true },
    ]);
    await ran(['use', 'one'], at);
    await ran(['logout', 'two'], at);
    expect((await ran(['contexts', '--json'], at)).out.objects).toMatchObject([
      { name: 'one', current: true },
    ]);
    expect((await ran(['servers', '--context', 'two'], at)).err.text).toContain(
      'There is no context named two. There are: one.',
    );
  });
});

describe('lists', () => {
  test('are tables for people and a JSON object per line for programs', async () => {
    await using api = await testApi();
    serve(api, { servers: [server('web-1'), server('db', { status: 'OFFLINE', tags: [] })] });
    const { out, code } = await ran(['servers'], { env: env(api) });
    expect(code).toBe(0);
    expect(out.text.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
      ['NAME', 'STATUS'],
      ['web-1', 'online'],
      ['db', 'offline'],
      [''],
    ]);
    expect((await ran(['servers', '--json'], { env: env(api) })).out.objects).toHaveLength(2);
  });

  test('carry colours only on a terminal that wants them', async () => {
    await using api = await testApi();
    serve(api, { servers: [server('web-1')] });
    expect((await ran(['servers'], { env: env(api), terminal: true })).out.text).toContain(
      '\u001B[32monline',
    );
    expect(
      (await ran(['servers'], { env: { ...env(api), NO_COLOR: '1' }, terminal: true })).out.text,
    ).not.toContain('\u001B');
    expect((await ran(['servers'], { env: env(api) })).out.text).not.toContain('\u001B');
  });

  test('hostile names do not act on a terminal', async () => {
    await using api = await testApi();
    serve(api, {
      containers: [container('x', 'web-1', { name: '\u001B]0;owned\u0007\u001B[2Jx\u202Ey\nz' })],
    });
    const { out } = await ran(['containers'], { env: { ...env(api), NO_COLOR: '1' }, terminal: true });
    expect(out.text).toContain('^[]0;owned^G^[[2Jx\\u{202e}y^Jz');
  });
});

describe('container', () => {
  test('acts on what its name, id or SERVER/NAME means', async () => {
    await using api = await testApi();
    const inputs = serve(api, {
      containers: [container('web'), container('db', 'a'), container('db', 'b'), container('abcd12')],
    });
    const { code, out } = await ran(['container', 'stop', 'web', 'b/db', 'abcd12000', '--timeout', '5'], {
      env: env(api),
    });
    expect(code).toBe(0);
    expect(out.text).toBe('web-1/web: done\nb/db: done\nweb-1/abcd12: done\n');
    expect(inputs).toMatchObject([
      { serverId: 'srv_web-1', timeoutSeconds: 5 },
      { serverId: 'srv_b' },
      { serverId: 'srv_web-1' },
    ]);
  });

  test('asks back when a name is not enough, and says so when there is none', async () => {
    await using api = await testApi();
    serve(api, { containers: [container('db', 'a'), container('db', 'b')] });
    const unclear = await ran(['container', 'stop', 'db'], { env: env(api) });
    expect([unclear.code, unclear.err.text]).toEqual([
      2,
      'serverkit: db is not clear: a/db, b/db. Write one of these.\n',
    ]);
    expect((await ran(['container', 'stop', 'nope'], { env: env(api) })).code).toBe(1);
    expect((await ran(['container', 'explode', 'db'], { env: env(api) })).code).toBe(2);
  });

  test('tries all, tells of each, and fails when one failed', async () => {
    await using api = await testApi();
    serve(api, { containers: [container('one'), container('two')] });
    const { reply } = api;
    api.reply = (request) =>
      JSON.stringify(request.payload.variables).includes('one000')
        ? { data: null, errors: [{ message: 'web-1 is offline.', extensions: { code: 'AGENT_OFFLINE' } }] }
        : reply(request);
    const { code, out, err } = await ran(['container', 'start', 'one', 'two'], { env: env(api) });
    expect(code).toBe(1);
    expect(out.text).toBe('web-1/two: done\n');
    expect(err.text).toContain('web-1/one: web-1 is offline.');
  });
});

describe('logs', () => {
  test('are written as they come, made harmless on a terminal and left alone elsewhere', async () => {
    await using api = await testApi();
    serve(api, { containers: [container('web')] });
    for (const terminal of [true, false]) {
      const done = ran(['logs', '--tail', '2', 'web'], { env: { ...env(api), NO_COLOR: '1' }, terminal });
      const operation = await api.subscription();
      expect(operation.payload.variables).toMatchObject({ serverId: 'srv_web-1', follow: false, tail: 2 });
      const text = '2026-01-01T00:00:00.000000000Z \u001B[31mred\u001B[0m\n';
      operation.next({ data: { containerLogs: { segments: [{ stream: 'STDOUT', text, partial: false }] } } });
      operation.complete();
      const { code, out } = await done;
      expect([code, out.text]).toEqual([0, terminal ? '^[[31mred^[[0m\n' : '\u001B[31mred\u001B[0m\n']);
    }
  });

  test('of several containers run into one, each line after its name', async () => {
    await using api = await testApi();
    serve(api, { containers: [container('web'), container('database', 'web-2')] });
    const said = (source: number, text: string, partial = false) => ({
      source,
      stream: 'STDOUT',
      text: `2026-01-01T00:00:0${source}.000000000Z ${text}${partial ? '' : '\n'}`,
      partial,
    });
    const report = { source: 1, state: 'OFFLINE', error: null };
    const done = ran(['logs', '--tail', '2', 'web', 'web-2/database', 'web-1/web'], { env: env(api) });
    const operation = await api.subscription();
    expect(operation.payload.variables).toMatchObject({
      follow: false,
      tail: 2,
      sources: [{ serverId: 'srv_web-1' }, { serverId: 'srv_web-2' }],
    });
    const segments = [said(0, 'one'), said(1, 'half', true), said(0, 'two')];
    operation.next({ data: { mergedLogs: { segments, sources: [report] } } });
    operation.complete();
    const { code, out, err } = await done;
    expect(out.text.split('\n')).toEqual([
      'web-1/web      | one',
      'web-2/database | half',
      'web-1/web      | two',
      '',
    ]);
    expect(err.text).toContain('web-2/database: its server is offline.');
    expect(code).toBe(1);
  });

  test('end without a word when nobody reads any more', async () => {
    await using api = await testApi();
    serve(api, { containers: [container('web')] });
    const reader = new AbortController();
    const done = ran(['logs', '-f', 'web'], { env: env(api), signal: reader.signal });
    const { left } = await api.subscription();
    reader.abort();
    expect(await done).toMatchObject({ code: 0, err: { text: '' } });
    await left;
  });

  test('since takes an instant or how long ago', () => {
    const now = Date.parse('2026-01-02T00:00:00Z');
    expect(instantOf('90s', now)).toBe('2026-01-01T23:58:30.000Z');
    expect(instantOf('1d', now)).toBe('2026-01-01T00:00:00.000Z');
    expect(instantOf('2026-01-01T12:00:00Z')).toBe('2026-01-01T12:00:00.000Z');
    expect(() => instantOf('yesterday')).toThrow('--since takes');
  });
});

const sample = (cpuPercent: number) => ({
  data: {
    serverMetrics: {
      serverId: 'srv_web-1',
      sample: {
        at: '2026-01-01T10:20:30.000Z',
        cpuPercent,
        load1: 0.5,
        memoryUsedBytes: 1024,
        memoryTotalBytes: 2048,
        diskPercent: null,
        containersRunning: 2,
        containersTotal: 3,
      },
    },
  },
});

test.each([
  ['a table that stands still on a terminal', true, ['\u001B[H', '12.3 %', '10:20:30']],
  ['a JSON object per sample elsewhere', false, ['{"server":"web-1"', '"cpuPercent":12.34']],
] as const)('metrics are %s', async (_name, terminal, parts) => {
  await using api = await testApi();
  serve(api, { servers: [server('web-1')] });
  const stop = new AbortController();
  const stdout = new TestSink(terminal);
  const done = ran(['metrics', 'watch', '--server', 'web-1'], { env: env(api), stdout, signal: stop.signal });
  const operation = await api.subscription();
  expect(operation.payload.variables).toEqual({ serverIds: ['srv_web-1'] });
  operation.next(sample(12.34));
  await eventually(() => stdout.text !== '', 'the first table');
  for (const part of parts) expect(stdout.text).toContain(part);
  stop.abort();
  expect((await done).code).toBe(0);
});

describe('run', () => {
  test('sends an operation of standard input with variables', async () => {
    await using api = await testApi();
    api.reply = ({ payload }) => ({ data: { echo: payload.variables } });
    const { out } = await ran(['run', '-', '--variables', '{"a":1}', '--var', 'b=two', '--var', 'c=[3]'], {
      env: env(api),
      stdin: 'query Echo($a: Int) { echo }',
    });
    expect(out.objects).toEqual([{ echo: { a: 1, b: 'two', c: [3] } }]);
  });

  test('follows a subscription, and says what is wrong with a document', async () => {
    await using api = await testApi();
    const done = ran(['run', '-'], { env: env(api), stdin: 'subscription { tick }' });
    const operation = await api.subscription();
    operation.next({ data: { tick: 1 } });
    operation.complete();
    expect((await done).out.objects).toEqual([{ tick: 1 }]);
    expect(await ran(['run', '-'], { env: env(api), stdin: 'query {' })).toMatchObject({ code: 2 });
  });
});

describe('what goes wrong is one sentence on standard error', () => {
  test.each([
    [['servers'], {}, 2, 'Not signed in. Run: serverkit login'],
    [['nonsense'], {}, 2, 'There is no command nonsense'],
    [['logs', '--nope', 'x'], {}, 2, "Unknown option '--nope'"],
    [['servers'], { SERVERKIT_URL: 'http://127.0.0.1:1', SERVERKIT_TOKEN: 'x' }, 4, 'cannot be reached'],
    [['servers'], { SERVERKIT_URL: 'http://example.com', SERVERKIT_TOKEN: 'x' }, 1, 'in the clear'],
  ] as const)('%j', async (args, given, exitCode, words) => {
    const { code, out, err } = await ran(args, { env: { XDG_CONFIG_HOME: home, ...given } });
    expect([code, out.text]).toEqual([exitCode, '']);
    expect(err.text).toMatch(/^serverkit: [^\n]+\n$/);
    expect(err.text).toContain(words);
  });

  test('a missing scope has an exit code of its own', async () => {
    await using api = await testApi();
    api.reply = () => ({
      data: null,
      errors: [{ message: 'Needs servers:read.', extensions: { code: 'PERMISSION_DENIED' } }],
    });
    expect(await ran(['servers'], { env: env(api) })).toMatchObject({
      code: 3,
      err: { text: 'serverkit: Needs servers:read.\n' },
    });
  });

  test('help is there for all and for each', async () => {
    expect((await ran(['help'])).out.text).toContain('metrics');
    expect((await ran(['logs', '--help'])).out.text).toContain('--since takes');
    expect((await ran(['--version'])).out.text).toBe('1.2.3\n');
  });
});

test('text that acts on a terminal is shown instead', () => {
  expect(safeText('a\tb')).toBe('a\tb');
  expect(safeText('\u001B[2J\u009B31m\u007F\r')).toBe('^[[2J\\u{9b}31m\\u{7f}^M');
  expect(safeText('é漢🙂')).toBe('é漢🙂');
});

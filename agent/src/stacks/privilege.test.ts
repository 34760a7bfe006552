import { symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { AgentError } from '../errors.ts';
import { judgePrivilege } from './privilege.ts';

const known: Readonly<Record<string, unknown>> = {
  '/info': { DefaultRuntime: 'runc', LoggingDriver: 'json-file', SecurityOptions: ['name=cgroupns'] },
  '/containers/other/json': { Mounts: [{ Type: 'bind', Source: '/srv/other' }] },
  '/networks/b8afcb': { Name: 'host', Driver: 'host' },
};
const engine = {
  get: (path: string) =>
    path in known ? Promise.resolve(known[path]) : Promise.reject(new AgentError('NOT_FOUND', `no ${path}`)),
};

function judged(service: Readonly<Record<string, unknown>>, sections = {}, folder = '/srv/stacks/shop') {
  return judgePrivilege(engine, {
    name: 'shop',
    folder,
    value: { services: { web: service }, ...sections },
    json: '',
    services: new Map([['web', service]]),
    confidential: [],
    warnings: [],
    tool: { command: ['docker', 'compose'], generation: 2, version: '2.0' },
  });
}

test('a plain service reaches nothing', async () => {
  expect(await judged({ image: 'web' })).toEqual({ outside: [], paths: [], builds: false });
});

describe('the paths that a stack opens are known, whoever may open them:', () => {
  test.each([
    ['the mounts of another container', { volumes_from: ['container:other:ro'] }, {}, '/srv/other'],
    ['all of them, where it sees the processes of the host', { pid: 'host' }, {}, '/'],
    ['all of them, where it has every right', { privileged: true }, {}, '/'],
    [
      'a folder with a dollar',
      { volumes: [{ type: 'bind', source: '/srv/$$x', target: '/x' }] },
      {},
      '/srv/$x',
    ],
    [
      'a layer of a volume',
      {},
      { volumes: { v: { driver_opts: { type: 'overlay', device: 'overlay', o: 'lowerdir=/etc:/usr' } } } },
      '/etc',
    ],
    [
      'the folder of a volume that begins nowhere',
      {},
      { volumes: { v: { driver_opts: { type: 'none', device: 'etc', o: 'bind' } } } },
      '/etc',
    ],
  ])('%s', async (_what, service, sections, path) => {
    const { paths, outside } = await judged({ image: 'web', ...service }, sections);
    expect(paths).toContain(path);
    expect(outside).not.toEqual([]);
  });
});

test.each([
  ["the host's network by its id", { network_mode: 'b8afcb' }],
  [
    'labels of another stack in an image that it builds',
    { build: { context: '/srv/stacks/shop', labels: { 'com.docker.compose.project': 'bank' } } },
  ],
])('%s is outside', async (_what, service) => {
  expect((await judged({ image: 'web', ...service })).outside).toHaveLength(1);
});

test.each(['/etc/shadow', '../Dockerfile', '..', 'sub/Dockerfile', 'a$$b'])(
  'a build by %s is by a file that is not the stack\u2019s own',
  async (dockerfile) => {
    const { outside } = await judged({ build: { context: '/srv/stacks/shop', dockerfile } });
    expect(outside).toMatchObject([{ why: expect.stringContaining('dockerfile') }]);
  },
);

test('a build by a file that is a link is one, whichever file names it', async () => {
  await using dir = await tempDir();
  await symlink('/etc/shadow', dir.file('Dockerfile'));
  await writeFile(dir.file('Other'), '');
  const build = async (more: object) =>
    (await judged({ build: { context: dir.path, ...more } }, {}, dir.path)).outside.length;
  expect(await build({})).toBe(1);
  expect(await build({ dockerfile: 'Dockerfile' })).toBe(1);
  expect(await build({ dockerfile: 'Other' })).toBe(0);
});

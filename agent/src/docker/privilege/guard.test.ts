import { describe, expect, test } from 'vitest';
import { AgentError } from '../../errors.ts';
import { allow, createGuard, type Authority } from './guard.ts';

/** An engine that knows these paths and nothing else. */
function engine(known: Readonly<Record<string, unknown>> = {}) {
  const replies: Readonly<Record<string, unknown>> = {
    '/info': { DefaultRuntime: 'runc', LoggingDriver: 'json-file', SecurityOptions: ['name=cgroupns'] },
    ...known,
  };
  return {
    get: (path: string) =>
      path in replies
        ? Promise.resolve(replies[path])
        : Promise.reject(new AgentError('NOT_FOUND', `no ${path}`)),
  };
}

const nobody: Authority = { scopes: new Set(['docker:containers:write']), deniesPath: () => false };
const privileged: Authority = { ...nobody, scopes: new Set(['docker:containers:privileged']) };

const volume = (Options: object | null, Driver = 'local') => ({
  '/volumes/data': { Name: 'data', Driver, Options, Mountpoint: '/var/lib/docker/volumes/data/_data' },
});
const mounting = { Image: 'web', HostConfig: { Binds: ['data:/data'] } };

describe('a request is judged with what it refers to', () => {
  test.each([
    ['that is not there yet', {}],
    ['of the engine itself', volume(null)],
    ['in memory', volume({ type: 'tmpfs', device: 'tmpfs' })],
  ])('a volume %s is inside', async (_what, known) => {
    expect((await createGuard(engine(known)).request(mounting)).outside).toEqual([]);
  });

  test.each([
    ['that is a folder of the host', volume({ type: 'none', o: 'bind', device: '/etc' })],
    ['of a plugin', volume({}, 'sshfs')],
  ])('a volume %s is outside, whoever made it', async (_what, known) => {
    expect((await createGuard(engine(known)).request(mounting)).outside).toMatchObject([
      { option: 'volume data' },
    ]);
  });

  test("the host's network is outside by its id as well", async () => {
    const id = 'b8afcbbeaaa2';
    const guard = createGuard(engine({ [`/networks/${id}`]: { Name: 'host', Driver: 'host' } }));
    expect((await guard.request({ HostConfig: { NetworkMode: id } })).outside).toHaveLength(1);
    expect(
      (await guard.request({ NetworkingConfig: { EndpointsConfig: { [id]: {} } } })).outside,
    ).toHaveLength(1);
  });

  test('a network that a container has joined since it was made is judged with it', async () => {
    const known = { '/networks/lan': { Driver: 'macvlan' }, '/networks/mine': { Driver: 'bridge' } };
    const joined = (name: string) =>
      createGuard(engine(known)).container({ NetworkSettings: { Networks: { [name]: {} } } });
    expect((await joined('lan')).outside).toMatchObject([{ option: 'HostConfig.NetworkMode' }]);
    expect((await joined('mine')).outside).toEqual([]);
  });

  test('an engine that does not answer lets nothing pass', async () => {
    const silent = { get: () => Promise.reject(new AgentError('DOCKER_UNAVAILABLE', 'gone')) };
    await expect(createGuard(silent).request(mounting)).rejects.toThrow('gone');
    await expect(createGuard(silent).container({})).rejects.toThrow('gone');
  });

  test('so is a container that is there', async () => {
    const guard = createGuard(engine(volume({ type: 'none', o: 'bind', device: '/etc' })));
    const inspect = { HostConfig: {}, Mounts: [{ Type: 'volume', Name: 'data', Source: '/x' }] };
    const { outside, paths } = await guard.container(inspect);
    expect(outside).toHaveLength(1);
    expect(paths).toEqual(['/x', '/var/lib/docker/volumes/data/_data', '/etc']);
  });
});

describe('the paths that a container opens are known', () => {
  const pathsOf = async (HostConfig: object, known = {}) =>
    (await createGuard(engine(known)).request({ Image: 'web', HostConfig })).paths;

  test('where it has the mounts of another container', async () => {
    const known = { '/containers/other/json': { Mounts: [{ Type: 'bind', Source: '/srv/secret' }] } };
    expect(await pathsOf({ VolumesFrom: ['other:ro'] }, known)).toEqual(['/srv/secret']);
  });

  test.each([
    ['it has every right', { Privileged: true }],
    ['it sees the processes of the host', { PidMode: 'host' }],
    ['it may mount', { CapAdd: ['CAP_SYS_ADMIN'] }],
  ])('where %s: all of them', async (_what, host) => {
    expect(await pathsOf(host)).toEqual(['/']);
  });

  test.each([
    ['by a path that begins nowhere', { type: 'none', o: 'bind', device: 'srv/../etc' }, '/etc'],
    [
      'as a layer',
      { type: 'overlay', device: 'overlay', o: 'lowerdir=/a:/etc,upperdir=/b,workdir=/c' },
      '/etc',
    ],
  ])('where a volume names them %s', async (_what, options, expected) => {
    expect(await pathsOf({ Binds: ['data:/data'] }, volume(options))).toContain(expected);
  });
});

test.each(['macvlan', 'ipvlan', 'a-plugin'])('joining a network of %s is outside', async (driver) => {
  const guard = createGuard(engine({ '/networks/lan': { Name: 'lan', Driver: driver } }));
  expect((await guard.request({ HostConfig: { NetworkMode: 'lan' } })).outside).toHaveLength(1);
});

describe('what is outside', () => {
  const verdict = { outside: [{ option: 'HostConfig.Privileged', why: 'has every right' }], paths: [] };

  test('needs its scope, and the refusal names option, reason and scope', () => {
    expect(() => allow(verdict, privileged, 'Creating it')).not.toThrow();
    expect(() => allow(verdict, nobody, 'Creating it')).toThrow(
      expect.objectContaining({
        code: 'PRIVILEGE_NEEDED',
        message:
          'Creating it needs the scope docker:containers:privileged: HostConfig.Privileged has every right.',
      }),
    );
    expect(() => allow({ outside: [], paths: ['/srv'] }, nobody, 'Creating it')).not.toThrow();
  });

  test('a path that this host denies is refused whatever the scopes', () => {
    const denying: Authority = { ...privileged, deniesPath: (path) => path === '/srv/secret' };
    for (const outside of [[], verdict.outside]) {
      expect(() => allow({ outside, paths: ['/a', '/srv/secret'] }, denying, 'Creating it')).toThrow(
        expect.objectContaining({ code: 'POLICY_DENIED' }),
      );
    }
  });
});

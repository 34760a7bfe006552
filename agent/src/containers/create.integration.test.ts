import { describe, expect, test } from 'vitest';
import type { ContainerSpec } from '@serverkit/wire/container-spec.ts';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { connected } from '../docker/testing.ts';
import { admit, create } from './create.ts';
import { noDelivery, putFiles } from './secrets.ts';
import { workWith } from './testing.ts';
import type { Work } from './work.ts';

const idle = ['sh', '-c', 'trap "exit 0" TERM INT; sleep infinity & wait'];

/** A container that was made by us, taken away at the end. */
async function made(work: Work, given: Partial<ContainerSpec> = {}, start = true) {
  const name = given.name ?? uniqueName();
  const spec: ContainerSpec = { image: testImages.busybox, command: idle, ...given, name };
  const { container: box, warnings } = await create(
    await admit(spec, work),
    { name, start, delivery: noDelivery },
    work,
  );
  return Object.assign(box, {
    warnings,
    [Symbol.asyncDispose]: async () => void (await cli('rm', '--force', '--volumes', box.id)),
  });
}

const coded = (code: string): unknown => expect.objectContaining({ code });

describe('creating containers', () => {
  test('gives what the docker command line gives', async () => {
    using docker = await connected();
    const volume = uniqueName();
    await using ours = await made(workWith(docker), {
      command: ['sh', '-c', 'sleep 100'],
      environment: [{ name: 'A', value: 'b=c' }],
      labels: [{ key: 'team', value: 'web' }],
      ports: [{ containerPort: 80, hostAddress: '127.0.0.1' }],
      mounts: [
        { kind: 'VOLUME', source: volume, target: '/data', readOnly: true },
        { kind: 'TMPFS', target: '/scratch', sizeBytes: 1 << 20 },
      ],
      restartPolicy: { name: 'ON_FAILURE', maximumRetries: 3 },
      limits: { memoryBytes: 1 << 26, cpus: 0.5, pids: 50, cpuShares: 512, shmBytes: 1 << 25 },
      healthcheck: { test: ['CMD-SHELL', 'true'], intervalMs: 5000, timeoutMs: 1000, retries: 2 },
      user: '1000:1000',
      groups: ['10'],
      workingDir: '/data',
      hostname: 'web',
      dns: ['10.0.0.53'],
      extraHosts: ['db:10.0.0.1'],
      init: true,
      readOnly: true,
      stopSignal: 'SIGINT',
      stopTimeoutSeconds: 2,
      capAdd: ['CHOWN'],
      capDrop: ['ALL'],
      securityOptions: ['no-new-privileges'],
      ulimits: [{ name: 'nofile', soft: 1024, hard: 2048 }],
      logDriver: 'json-file',
      logOptions: [{ key: 'max-size', value: '1m' }],
    });
    await using theirs = await container({
      command: ['sh', '-c', 'sleep 100'],
      options: [
        '--env',
        'A=b=c',
        '--label',
        'team=web',
        '--publish',
        '127.0.0.1::80',
        '--mount',
        `type=volume,source=${volume},target=/data,readonly`,
        '--mount',
        'type=tmpfs,target=/scratch,tmpfs-size=1m',
        '--restart',
        'on-failure:3',
        '--memory',
        '64m',
        '--cpus',
        '0.5',
        '--pids-limit',
        '50',
        '--cpu-shares',
        '512',
        '--shm-size',
        '32m',
        '--health-cmd',
        'true',
        '--health-interval',
        '5s',
        '--health-timeout',
        '1s',
        '--health-retries',
        '2',
        '--user',
        '1000:1000',
        '--group-add',
        '10',
        '--workdir',
        '/data',
        '--hostname',
        'web',
        '--dns',
        '10.0.0.53',
        '--add-host',
        'db:10.0.0.1',
        '--init',
        '--read-only',
        '--stop-signal',
        'SIGINT',
        '--stop-timeout',
        '2',
        '--cap-add',
        'CHOWN',
        '--cap-drop',
        'ALL',
        '--security-opt',
        'no-new-privileges',
        '--ulimit',
        'nofile=1024:2048',
        '--log-driver',
        'json-file',
        '--log-opt',
        'max-size=1m',
      ],
    });
    const settings = async (id: string): Promise<unknown> => {
      const [{ Config: config, HostConfig: host }]: [Record<string, object>] = JSON.parse(
        await cli('inspect', id),
      );
      // Nothing said is told in two ways, and the command line tells the size of its own terminal.
      const all: Record<string, unknown> = { ...config, ...host, Labels: null, ConsoleSize: null };
      const said = Object.entries(all).filter(
        ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
      );
      return Object.fromEntries(said.map(([key, value]) => [key, key === 'CapAdd' ? 'CHOWN' : value]));
    };
    expect(ours.state).toBe('RUNNING');
    expect(await settings(ours.id)).toEqual(await settings(theirs.id));
    expect(await cli('inspect', '--format', '{{.Config.Labels.team}}', ours.id)).toBe('web\n');
    await ours[Symbol.asyncDispose]();
    await theirs[Symbol.asyncDispose]();
    await cli('volume', 'rm', volume);
  });

  test('joins all of its networks, with the names it is to have there', async () => {
    using docker = await connected();
    const [front, back] = [uniqueName(), uniqueName()];
    await cli('network', 'create', front);
    await cli('network', 'create', back);
    try {
      await using box = await made(workWith(docker), {
        networks: [
          { name: front, aliases: ['web'] },
          { name: back, aliases: ['api'] },
        ],
      });
      const aliases = (network: string) =>
        cli('inspect', '--format', `{{(index .NetworkSettings.Networks "${network}").Aliases}}`, box.id);
      expect(await aliases(front)).toContain('web');
      expect(await aliases(back)).toContain('api');
    } finally {
      await cli('network', 'rm', front, back);
    }
  });

  test('what reaches beyond the container takes its own right, and a denied path none can give', async () => {
    using docker = await connected();
    const plain = workWith(docker);
    const privileged = workWith(docker, { scopes: ['docker:containers:privileged'], denied: '/srv/secret' });
    const bind = (source: string): Partial<ContainerSpec> => ({
      mounts: [{ kind: 'BIND', source, target: '/mnt' }],
    });
    for (const given of [bind('/tmp'), { privileged: true }, { networks: [{ name: 'host' }] }]) {
      await expect(made(plain, given, false)).rejects.toThrow(coded('PRIVILEGE_NEEDED'));
    }
    await expect(made(privileged, bind('/srv/secret'), false)).rejects.toThrow(coded('POLICY_DENIED'));
    await using box = await made(privileged, { ...bind('/tmp'), networks: [{ name: 'host' }] }, false);
    expect(await cli('inspect', '--format', '{{.HostConfig.NetworkMode}}', box.id)).toBe('host\n');
  });

  test('a folder of the host under the name of a volume is still one', async () => {
    using docker = await connected();
    const volume = uniqueName();
    await cli('volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', 'device=/tmp', volume);
    try {
      const given: Partial<ContainerSpec> = { mounts: [{ kind: 'VOLUME', source: volume, target: '/mnt' }] };
      await expect(made(workWith(docker), given, false)).rejects.toThrow(coded('PRIVILEGE_NEEDED'));
      const denying = workWith(docker, { scopes: ['docker:containers:privileged'], denied: '/tmp' });
      await expect(made(denying, given, false)).rejects.toThrow(coded('POLICY_DENIED'));
    } finally {
      await cli('volume', 'rm', volume);
    }
  });

  test('the network of the host by its id as well', async () => {
    using docker = await connected();
    const id = (await cli('network', 'inspect', '--format', '{{.Id}}', 'host')).trim();
    await expect(made(workWith(docker), { networks: [{ name: id }] }, false)).rejects.toThrow(
      coded('PRIVILEGE_NEEDED'),
    );
  });

  test('what fails leaves nothing behind, and says what is in the way', async () => {
    using docker = await connected();
    const work = workWith(docker);
    await using box = await made(work, { ports: [{ containerPort: 80, hostAddress: '127.0.0.1' }] });
    const port = Number((await cli('port', box.id, '80/tcp')).trim().split(':').at(-1));
    const names = () => cli('ps', '--all', '--format', '{{.Names}}', '--filter', 'name=sk-left');
    await expect(made(work, { name: box.name })).rejects.toThrow(coded('CONFLICT'));
    await expect(made(work, { name: 'sk-left-1', image: 'no-such/image:1' })).rejects.toThrow(
      coded('NOT_FOUND'),
    );
    await expect(
      made(work, {
        name: 'sk-left-2',
        ports: [{ containerPort: 80, hostPort: port, hostAddress: '127.0.0.1' }],
      }),
    ).rejects.toThrow(coded('CONFLICT'));
    await expect(made(work, { name: 'sk-left-3', command: ['/no/such/program'] })).rejects.toThrow(
      coded('INPUT_INVALID'),
    );
    await expect(
      made(work, { name: 'sk-left-4', networks: [{ name: 'bridge' }, { name: 'no-such-network' }] }),
    ).rejects.toThrow(coded('NOT_FOUND'));
    expect(await names()).toBe('');
  });

  test('nothing is left of one whose secret would lie in a mount', async () => {
    using docker = await connected();
    const work = workWith(docker);
    const files = [{ secret: 'key', path: '/run/secrets/key', mode: 0o400, uid: 0, gid: 0 }];
    const delivery = { references: { variables: [], files }, values: new Map([['key', 'value']]) };
    for (const [name, mount] of [
      ['sk-left-6', { kind: 'TMPFS', target: '/run' }],
      ['sk-left-7', { kind: 'VOLUME', target: '/run/secrets' }],
    ] as const) {
      const spec: ContainerSpec = { image: testImages.busybox, command: idle, name, mounts: [mount] };
      const making = create(await admit(spec, work), { name, start: true, delivery }, work);
      await expect(making).rejects.toThrow(coded('CONFLICT'));
    }
    expect(await cli('ps', '--all', '--quiet', '--filter', 'name=sk-left')).toBe('');
  });

  test.each([
    // Debian's /var/run is a link to /run.
    ['a path that is a link into a mount', '/run', '/var/run/secrets/key'],
    ['a mount at a link', '/var/run', '/run/secrets/key'],
  ])('a secret is not left in the volume by %s', async (_by, target, path) => {
    using docker = await connected();
    const work = workWith(docker);
    const name = uniqueName();
    const mounts = [{ kind: 'VOLUME', source: name, target }] as const;
    const request = await admit({ image: testImages.debian, name, mounts }, work);
    const deliver = (files: readonly string[]) => ({
      references: {
        variables: [],
        files: files.map((one) => ({ secret: 'key', path: one, mode: 0o400, uid: 0, gid: 0 })),
      },
      values: new Map([['key', 'value']]),
    });
    try {
      const making = create(request, { name, start: false, delivery: deliver([path]) }, work);
      await expect(making).rejects.toThrow(coded('CONFLICT'));
      await expect(making).rejects.toThrow(/lies within a mount/);
      // A path beside it, and one that is not there yet, are fine.
      const beside = ['/etc/key', '/var/lib/new/folder/key', '/bin/key'];
      const { container: box } = await create(
        request,
        { name, start: false, delivery: deliver(beside) },
        work,
      );
      for (const one of beside) expect(await cli('cp', `${box.id}:${one}`, '-')).toContain('value');
      expect(await cli('cp', `${box.id}:/run`, '-')).not.toContain('key');
      await cli('rm', '--force', box.id);
    } finally {
      await cli('volume', 'rm', '--force', name);
    }
  });

  test('a secret in a file and a file system that is read-only do not go together, which says what does', async () => {
    using docker = await connected();
    const id = (await cli('create', '--read-only', testImages.busybox, 'true')).trim();
    const files = [{ secret: 'key', path: '/etc/key', mode: 0o400, uid: 0, gid: 0 }];
    const delivery = { references: { variables: [], files }, values: new Map([['key', 'value']]) };
    const { signal } = new AbortController();
    try {
      const putting = putFiles(docker.engine, id, delivery, signal);
      await expect(putting).rejects.toThrow(coded('CONFLICT'));
      await expect(putting).rejects.toThrow(/read-only.*Give it as a variable/);
    } finally {
      await cli('rm', '--force', id);
    }
  });

  test('nothing is made for a caller who has left', async () => {
    using docker = await connected();
    const gone: Work = { ...workWith(docker), signal: AbortSignal.abort() };
    await expect(made(gone, { name: 'sk-left-5' })).rejects.toThrow(coded('CANCELLED'));
    expect(await cli('ps', '--all', '--quiet', '--filter', 'name=sk-left')).toBe('');
  });
});

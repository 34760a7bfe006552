import { describe, expect, test } from 'vitest';
import { isCommand, readDockerRun } from './docker-run.ts';
import { PasteError, type Spec } from './spec.ts';

const spec = (line: string): Spec => readDockerRun(line).spec;
const left = (line: string) => readDockerRun(line).left;
/** What one flag stands for, beside the image. */
const flag = (flags: string): Partial<Spec> => {
  const { image, ...others } = spec(`docker run ${flags} web`);
  expect(image).toBe('web');
  return others;
};

test('a line as people have it in their notes', () => {
  const line = String.raw`
    $ sudo docker run -d --name "my web" \
      -p 8080:80 -p 127.0.0.1:8443:443/tcp \
      -e 'PASSWORD=a b$c' -e MODE=prod \
      -v data:/var/lib/data -v /etc/localtime:/etc/localtime:ro \
      --restart unless-stopped --memory=512m --cpus 1.5 \
      --network front --network-alias www \
      registry.example:5000/team/web:1.2 serve --port 80 "a b"`;
  expect(readDockerRun(line)).toEqual({
    spec: {
      name: 'my web',
      image: 'registry.example:5000/team/web:1.2',
      command: ['serve', '--port', '80', 'a b'],
      ports: [
        { hostPort: 8080, containerPort: 80 },
        { hostAddress: '127.0.0.1', hostPort: 8443, containerPort: 443 },
      ],
      environment: [
        { name: 'PASSWORD', value: 'a b$c' },
        { name: 'MODE', value: 'prod' },
      ],
      mounts: [
        { kind: 'VOLUME', source: 'data', target: '/var/lib/data' },
        { kind: 'BIND', source: '/etc/localtime', target: '/etc/localtime', readOnly: true },
      ],
      restartPolicy: { name: 'UNLESS_STOPPED' },
      limits: { memoryBytes: 536_870_912, cpus: 1.5 },
      networks: [{ name: 'front', aliases: ['www'] }],
    },
    start: true,
    pull: null,
    left: [],
  });
});

describe('flags', () => {
  test.each<[string, Partial<Spec>]>([
    ['-it', { interactive: true, tty: true }],
    ['-dit', { interactive: true, tty: true }],
    ['-itp80:80', { interactive: true, tty: true, ports: [{ hostPort: 80, containerPort: 80 }] }],
    ['-itp 80:80', { interactive: true, tty: true, ports: [{ hostPort: 80, containerPort: 80 }] }],
    ['-u=1000:1000', { user: '1000:1000' }],
    ['-e A=b=c', { environment: [{ name: 'A', value: 'b=c' }] }],
    ['-eA=', { environment: [{ name: 'A', value: '' }] }],
    ['--rm=false --init=true --read-only', { autoRemove: false, init: true, readOnly: true }],
    ['-t=false -P', { tty: false, publishAllPorts: true }],
    ['--entrypoint ""', { entrypoint: [] }],
    ['--entrypoint=/bin/sh', { entrypoint: ['/bin/sh'] }],
    ['--restart=on-failure:3', { restartPolicy: { name: 'ON_FAILURE', maximumRetries: 3 } }],
    ['--memory-swap -1 -m 1g', { limits: { memorySwapBytes: -1, memoryBytes: 1_073_741_824 } }],
    ['--memory-reservation 64m', { limits: { memoryReservationBytes: 67_108_864 } }],
    ['--cpuset-cpus 0-2 -c 512', { limits: { cpuset: '0-2', cpuShares: 512 } }],
    ['--pids-limit 100 --shm-size 1m', { limits: { pids: 100, shmBytes: 1_048_576 } }],
    ['--cap-add NET_ADMIN --cap-drop=ALL', { capAdd: ['NET_ADMIN'], capDrop: ['ALL'] }],
    [
      '--device /dev/a --device /dev/b:/dev/c:r',
      {
        devices: [{ hostPath: '/dev/a' }, { hostPath: '/dev/b', containerPath: '/dev/c', permissions: 'r' }],
      },
    ],
    ['--gpus all', { gpus: -1 }],
    [
      '--ulimit nofile=1024:2048 --ulimit core=0',
      {
        ulimits: [
          { name: 'nofile', soft: 1024, hard: 2048 },
          { name: 'core', soft: 0, hard: 0 },
        ],
      },
    ],
    ['--sysctl net.core.somaxconn=1024', { sysctls: [{ key: 'net.core.somaxconn', value: '1024' }] }],
    [
      '-l a=b --label c',
      {
        labels: [
          { key: 'a', value: 'b' },
          { key: 'c', value: '' },
        ],
      },
    ],
    [
      '--log-driver local --log-opt max-size=1m',
      {
        logDriver: 'local',
        logOptions: [{ key: 'max-size', value: '1m' }],
      },
    ],
    ['--add-host a:1.2.3.4 --add-host b=::1', { extraHosts: ['a:1.2.3.4', 'b:::1'] }],
    [
      '--dns 1.1.1.1 --dns-search x.example --dns-opt ndots:1',
      {
        dns: ['1.1.1.1'],
        dnsSearch: ['x.example'],
        dnsOptions: ['ndots:1'],
      },
    ],
    [
      '-h box --domainname example.org --mac-address 02:42:ac:11:00:02',
      {
        hostname: 'box',
        domainname: 'example.org',
        macAddress: '02:42:ac:11:00:02',
      },
    ],
    [
      '-w /srv --group-add 5 --stop-signal int --stop-timeout 20',
      {
        workingDir: '/srv',
        groups: ['5'],
        stopSignal: 'SIGINT',
        stopTimeoutSeconds: 20,
      },
    ],
    [
      '--pid host --ipc=private --uts host --userns host --cgroupns host',
      {
        pidMode: 'host',
        ipcMode: 'private',
        utsMode: 'host',
        usernsMode: 'host',
        cgroupnsMode: 'host',
      },
    ],
    [
      '--privileged --security-opt no-new-privileges --runtime runsc --cgroup-parent x --volumes-from y:ro',
      {
        privileged: true,
        securityOptions: ['no-new-privileges'],
        runtime: 'runsc',
        cgroupParent: 'x',
        volumesFrom: ['y:ro'],
      },
    ],
    [
      '--health-cmd "curl -f x" --health-interval 1m30s --health-retries 3',
      {
        healthcheck: { test: ['CMD-SHELL', 'curl -f x'], intervalMs: 90_000, retries: 3 },
      },
    ],
    ['--no-healthcheck', { healthcheck: { disabled: true } }],
    ['--tmpfs /run:size=64m', { mounts: [{ kind: 'TMPFS', target: '/run', sizeBytes: 67_108_864 }] }],
    [
      '--mount type=bind,src=/a,dst=/b,readonly',
      {
        mounts: [{ kind: 'BIND', source: '/a', target: '/b', readOnly: true }],
      },
    ],
    ['--mount source=a,target=/b', { mounts: [{ kind: 'VOLUME', source: 'a', target: '/b' }] }],
    ['--net host', { networks: [{ name: 'host' }] }],
    [
      '--network name=a,alias=x,ip=10.0.0.5 --network b',
      {
        networks: [{ name: 'a', aliases: ['x'], ipv4Address: '10.0.0.5' }, { name: 'b' }],
      },
    ],
    ['--network a --ip 10.0.0.5', { networks: [{ name: 'a', ipv4Address: '10.0.0.5' }] }],
    ['-v /only', { mounts: [{ kind: 'VOLUME', target: '/only' }] }],
    ['-v ./here:/there', { mounts: [{ kind: 'BIND', source: './here', target: '/there' }] }],
    ['-v C:\\\\here:/there', { mounts: [{ kind: 'BIND', source: 'C:\\here', target: '/there' }] }],
  ])('%s', (flags, expected) => expect(flag(flags)).toEqual(expected));

  test.each([
    ['80', [{ containerPort: 80 }]],
    ['80/udp', [{ containerPort: 80, protocol: 'udp' }]],
    ['127.0.0.1::80', [{ hostAddress: '127.0.0.1', containerPort: 80 }]],
    ['[::1]:8080:80', [{ hostAddress: '::1', hostPort: 8080, containerPort: 80 }]],
    [
      '8000-8001:80-81',
      [
        { hostPort: 8000, containerPort: 80 },
        { hostPort: 8001, containerPort: 81 },
      ],
    ],
  ])('a port published as %s', (given, ports) => expect(flag(`-p ${given}`)).toEqual({ ports }));
});

describe('nothing is dropped in silence', () => {
  test.each([
    ['a flag with a value that has no place', '--env-file .env -d', ['--env-file .env']],
    ['a flag nobody knows', '--frobnicate -d', ['--frobnicate']],
    ['a flag nobody knows, with a value', '--frobnicate=7', ['--frobnicate=7']],
    ['a letter nobody knows', '-dZ', ['-Z']],
    ['a value that is not understood', '--memory lots --cpus many', ['--memory lots', '--cpus many']],
    ['a variable of the shell it was written for', '-e HOME', ['-e HOME']],
    ['an option of a mount', '-v a:/b:ro,z', ['-v a:/b:ro,z: z']],
    ['ports that Docker would choose from', '-p 8000-9000:80', ['-p 8000-9000:80']],
    ['a name in no network', '--network-alias x', ['--network-alias x']],
    ['some of the graphics cards', '--gpus device=0', ['--gpus device=0']],
  ])('%s', (_, flags, expected) => {
    expect(left(`docker run ${flags} web`)).toEqual(expected);
    expect(spec(`docker run ${flags} web`).image).toBe('web');
  });

  test('what follows the command, and what stands before it', () => {
    expect(left('docker run web && docker ps')).toEqual(['&& docker ps']);
    expect(left('A=b docker --context far run web')).toEqual(['A=b', '--context far']);
  });
});

test('flags end with the image: the rest is its command', () => {
  expect(spec('docker run --rm web -p 80:80 --rm')).toEqual({
    image: 'web',
    autoRemove: true,
    command: ['-p', '80:80', '--rm'],
  });
  expect(spec('docker run -- web')).toEqual({ image: 'web' });
});

test('docker create makes it, and does not start it', () => {
  expect(readDockerRun('docker container create web').start).toBe(false);
  expect(readDockerRun('podman run --pull always web')).toMatchObject({ start: true, pull: 'ALWAYS' });
});

test.each([
  ['', 'command'],
  ['echo hello', 'command'],
  ['docker ps', 'command'],
  ['docker run -d', 'image'],
  ['docker run "web', 'quote'],
])('%j has no container in it', (line, reason) => {
  expect(() => readDockerRun(line)).toThrow(expect.objectContaining({ reason }));
});

test('commands are told from files', () => {
  expect(
    [
      'docker run x',
      '  $ sudo docker run x',
      'A=b docker run',
      '/usr/bin/podman run x',
      '# the shop\n\ndocker run x',
      'mkdir data && cd data\ndocker run x',
    ].map(isCommand),
  ).toEqual([true, true, true, true, true, true]);
  expect(
    [
      'services:\n  docker: {}',
      'docker compose up',
      'docker-compose up',
      'image: x',
      '# the shop\nimage: x\ncommand: |\n  docker run x',
    ].map(isCommand),
  ).toEqual([false, false, false, false, false]);
});

describe('what stands before the line', () => {
  test.each([
    ['docker pull x:1\ndocker run x:1', ['docker pull x:1']],
    ['docker rm -f web; docker run --name web x:1', ['docker rm -f web']],
    ['docker network create a && docker run x:1', ['docker network create a']],
    ['mkdir data\n\n# and then\n$ docker run x:1', ['mkdir data']],
  ])('%j is told as left out', (pasted, before) => {
    const { spec: read, left: out } = readDockerRun(pasted);
    expect(read.image).toBe('x:1');
    expect(out).toEqual(before);
  });

  test('of comments alone nothing is told', () => {
    expect(readDockerRun('# the shop\n\n  # its web\ndocker run x')).toMatchObject({
      spec: { image: 'x' },
      left: [],
    });
  });

  test.each(['docker pull x', 'docker ps | grep x', 'docker pull x &&', '# docker run'])(
    '%j has none',
    (pasted) => {
      expect(() => readDockerRun(pasted)).toThrow(PasteError);
    },
  );
});

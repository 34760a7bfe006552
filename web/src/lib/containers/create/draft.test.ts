import { describe, expect, test } from 'vitest';
import { beyond } from './beyond.ts';
import { draftOf, emptyDraft, emptyMount, emptyPort, type Draft } from './draft.ts';
import { specOf, withoutBlankRows } from './draft-spec.ts';
import type { Spec } from './spec.ts';

const full: Spec = {
  image: 'registry.example/web:1',
  name: 'web',
  command: ['sh', '-c', 'echo "a b" && $X'],
  entrypoint: ['/init', '--'],
  environment: [{ name: 'A', value: ' with blanks\nand lines ' }],
  labels: [{ key: 'a', value: 'b=c' }],
  ports: [
    { containerPort: 80, hostPort: 8080, hostAddress: '127.0.0.1', protocol: 'udp' },
    { containerPort: 81 },
  ],
  mounts: [
    { kind: 'VOLUME', source: 'data', target: '/data', readOnly: true },
    { kind: 'BIND', source: '/etc', target: '/etc' },
    { kind: 'TMPFS', target: '/run', sizeBytes: 67_108_864 },
  ],
  networks: [{ name: 'front', aliases: ['a', 'b'], ipv4Address: '10.0.0.2', ipv6Address: 'fd00::2' }],
  restartPolicy: { name: 'ON_FAILURE', maximumRetries: 3 },
  limits: {
    cpus: 0.5,
    memoryBytes: 536_870_912,
    memoryReservationBytes: 1_000_000,
    memorySwapBytes: -1,
    pids: 10,
    cpuShares: 512,
    cpuset: '0-1',
    shmBytes: 1024,
  },
  healthcheck: {
    test: ['CMD-SHELL', 'a | b'],
    intervalMs: 90_000,
    timeoutMs: 500,
    startPeriodMs: 1_000,
    retries: 2,
  },
  tty: true,
  interactive: true,
  init: true,
  autoRemove: true,
  readOnly: true,
  publishAllPorts: true,
  privileged: true,
  user: '1000:1000',
  workingDir: '/srv',
  hostname: 'box',
  domainname: 'example.org',
  macAddress: '02:42:ac:11:00:02',
  stopSignal: 'SIGINT',
  stopTimeoutSeconds: 5,
  logDriver: 'local',
  logOptions: [{ key: 'max-size', value: '1m' }],
  gpus: 1,
  pidMode: 'host',
  ipcMode: 'host',
  utsMode: 'host',
  usernsMode: 'host',
  cgroupnsMode: 'host',
  cgroupParent: 'x',
  runtime: 'runsc',
  groups: ['5'],
  dns: ['1.1.1.1', '9.9.9.9'],
  dnsSearch: ['example.org'],
  dnsOptions: ['ndots:1'],
  extraHosts: ['a:1.2.3.4'],
  capAdd: ['NET_ADMIN'],
  capDrop: ['ALL'],
  securityOptions: ['no-new-privileges'],
  sysctls: [{ key: 'net.core.somaxconn', value: '1' }],
  ulimits: [
    { name: 'nofile', soft: 1, hard: 2 },
    { name: 'core', soft: 0, hard: 0 },
  ],
  devices: [{ hostPath: '/dev/a', containerPath: '/dev/b', permissions: 'r' }, { hostPath: '/dev/c' }],
  volumesFrom: ['other:ro'],
};

test('a form says what the spec says that filled it', () => {
  expect(specOf(draftOf(full))).toEqual({ spec: full, problems: new Map() });
});

test('an empty form says nothing', () => {
  expect(specOf(emptyDraft())).toEqual({ spec: { image: '' }, problems: new Map() });
});

test.each<Partial<Spec>>([
  { entrypoint: [] },
  { command: [''] },
  { healthcheck: { disabled: true } },
  { healthcheck: { test: ['CMD', 'a', 'b c'] } },
  { healthcheck: { retries: 3 } },
  { gpus: -1 },
  { restartPolicy: { name: 'NO' } },
])('and so it does of %j', (part) => {
  const spec: Spec = { image: 'web', ...part };
  expect(specOf(draftOf(spec)).spec).toEqual(spec);
});

test('rows that nobody filled in are left out', () => {
  const draft: Draft = {
    ...emptyDraft(),
    ports: [emptyPort(), { ...emptyPort(), containerPort: '80' }],
    mounts: [emptyMount()],
  };
  withoutBlankRows(draft);
  expect(specOf(draft).spec).toEqual({ image: '', ports: [{ containerPort: 80 }] });
});

test('a command is words: no shell reads it', () => {
  expect(specOf({ ...emptyDraft(), command: "sh -c 'a && b' > x $HOME # y" }).spec.command).toEqual([
    'sh',
    '-c',
    'a && b',
    '>',
    'x',
    '$HOME',
    '#',
    'y',
  ]);
});

test('a variable that refers to a secret takes it, as one of a Compose file does', () => {
  const draft = draftOf({
    image: 'x',
    environment: [
      { name: 'DB', value: '${secret:db_password}' },
      { name: 'URL', value: 'postgres://me:${secret:db_password}@db' },
    ],
  });
  withoutBlankRows(draft);
  expect(specOf(draft).spec).toMatchObject({
    environment: [{ name: 'URL', value: 'postgres://me:${secret:db_password}@db' }],
    secretVariables: [{ name: 'DB', secret: 'db_password' }],
  });
});

describe('what cannot be put into the words of the API is told at its field', () => {
  test.each<[string, (draft: Draft) => void, string]>([
    ['command', (draft) => (draft.command = 'a "b'), 'quote'],
    ['ports.0.containerPort', (draft) => draft.ports.push({ ...emptyPort(), hostPort: '80' }), 'port'],
    [
      'ports.0.hostPort',
      (draft) => draft.ports.push({ ...emptyPort(), containerPort: '1', hostPort: 'x' }),
      'port',
    ],
    ['limits.memoryBytes', (draft) => (draft.limits.memoryBytes = 'lots'), 'size'],
    ['limits.cpus', (draft) => (draft.limits.cpus = 'two'), 'number'],
    [
      'healthcheck.intervalMs',
      (draft) => Object.assign(draft.health, { kind: 'own', interval: '30' }),
      'duration',
    ],
    ['devices', (draft) => (draft.lists.devices = '/dev/a:/dev/b:rw:more'), 'device'],
    ['ulimits', (draft) => (draft.lists.ulimits = 'nofile'), 'ulimit'],
    ['gpus', (draft) => (draft.texts.gpus = 'some'), 'number'],
  ])('%s', (path, change, problem) => {
    const draft = emptyDraft();
    change(draft);
    expect([...specOf(draft).problems]).toEqual([[path, problem]]);
  });
});

describe('what reaches beyond the container is told', () => {
  test('all that can', () => {
    expect(beyond(full)).toEqual([
      'mounts',
      'privileged',
      'capAdd',
      'devices',
      'gpus',
      'sysctls',
      'pidMode',
      'ipcMode',
      'utsMode',
      'usernsMode',
      'cgroupnsMode',
      'cgroupParent',
      'runtime',
      'volumesFrom',
    ]);
    expect(beyond({ image: 'x', networks: [{ name: 'host' }], logDriver: 'syslog' })).toEqual([
      'networks',
      'logDriver',
    ]);
    expect(
      beyond({
        image: 'x',
        ulimits: [{ name: 'memlock', soft: 1, hard: 1 }],
        securityOptions: ['seccomp=x'],
      }),
    ).toEqual(['securityOptions', 'ulimits']);
  });

  test('and nothing that every container may have', () => {
    const { spec } = specOf(
      draftOf({
        image: 'x',
        mounts: [
          { kind: 'VOLUME', target: '/a' },
          { kind: 'TMPFS', target: '/b' },
        ],
        networks: [{ name: 'front' }],
        capAdd: ['CAP_NET_RAW', 'chown'],
        capDrop: ['ALL'],
        securityOptions: ['no-new-privileges:true'],
        ulimits: [{ name: 'nofile', soft: 1, hard: 1 }],
        sysctls: [{ key: 'net.ipv4.tcp_syncookies', value: '1' }],
        ipcMode: 'private',
        cgroupnsMode: 'private',
        logDriver: 'json-file',
      }),
    );
    expect(beyond(spec)).toEqual([]);
  });
});

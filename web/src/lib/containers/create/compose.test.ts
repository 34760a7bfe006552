import { describe, expect, test } from 'vitest';
import { composeFile } from './compose.ts';
import type { Spec } from './spec.ts';

/** One service, of what stands in it. */
const service = (yaml: string) =>
  composeFile(`services:\n  web:\n    image: web\n${yaml.replaceAll(/^/gm, '    ')}`).read('web');
const read = (yaml: string): Partial<Spec> => {
  const { image, ...others } = service(yaml).spec;
  expect(image).toBe('web');
  return others;
};

test('a service as people have it', () => {
  const file = composeFile(`
    x-shared: &shared
      restart: unless-stopped
      logging: { driver: local, options: { max-size: 10m } }
    services:
      db:
        <<: *shared
        image: postgres:\${PG_VERSION:-17}
        container_name: db
        environment:
          POSTGRES_PASSWORD: pa$$word
          PORT: 5432
        ports: ["127.0.0.1:5432:5432"]
        volumes:
          - data:/var/lib/postgresql/data
          - ./init:/docker-entrypoint-initdb.d:ro
        healthcheck:
          test: pg_isready
          interval: 10s
        depends_on: [queue]
      queue:
        image: redis
    volumes:
      data: { name: pg-data }
  `);
  expect(file.services).toEqual(['db', 'queue']);
  expect(file.read('db')).toEqual({
    spec: {
      image: 'postgres:17',
      name: 'db',
      restartPolicy: { name: 'UNLESS_STOPPED' },
      logDriver: 'local',
      logOptions: [{ key: 'max-size', value: '10m' }],
      environment: [
        { name: 'POSTGRES_PASSWORD', value: 'pa$word' },
        { name: 'PORT', value: '5432' },
      ],
      ports: [{ hostAddress: '127.0.0.1', hostPort: 5432, containerPort: 5432 }],
      mounts: [
        { kind: 'VOLUME', source: 'pg-data', target: '/var/lib/postgresql/data' },
        { kind: 'BIND', source: './init', target: '/docker-entrypoint-initdb.d', readOnly: true },
      ],
      healthcheck: { test: ['CMD-SHELL', 'pg_isready'], intervalMs: 10_000 },
    },
    start: true,
    pull: null,
    left: ['depends_on'],
  });
});

describe('keys', () => {
  test.each<[string, Partial<Spec>]>([
    ['command: sh -c "echo a b"', { command: ['sh', '-c', 'echo a b'] }],
    ['command: ["a", "b c"]', { command: ['a', 'b c'] }],
    ['entrypoint: []', { entrypoint: [] }],
    [
      'environment: [A=b=c, D=]',
      {
        environment: [
          { name: 'A', value: 'b=c' },
          { name: 'D', value: '' },
        ],
      },
    ],
    [
      'labels: { a: 1, b: null }',
      {
        labels: [
          { key: 'a', value: '1' },
          { key: 'b', value: '' },
        ],
      },
    ],
    [
      'ports: [80, "8080:80/udp"]',
      {
        ports: [{ containerPort: 80 }, { hostPort: 8080, containerPort: 80, protocol: 'udp' }],
      },
    ],
    [
      'ports: [{ target: 80, published: "8080", host_ip: 127.0.0.1, protocol: tcp, mode: host }]',
      {
        ports: [{ containerPort: 80, hostPort: 8080, hostAddress: '127.0.0.1' }],
      },
    ],
    [
      'volumes: [{ type: bind, source: /a, target: /b, read_only: true }, { type: tmpfs, target: /c, tmpfs: { size: 1m } }]',
      {
        mounts: [
          { kind: 'BIND', source: '/a', target: '/b', readOnly: true },
          { kind: 'TMPFS', target: '/c', sizeBytes: 1_048_576 },
        ],
      },
    ],
    ['tmpfs: /run', { mounts: [{ kind: 'TMPFS', target: '/run' }] }],
    [
      'networks: { a: { aliases: [x], ipv4_address: 10.0.0.2 }, b: }',
      {
        networks: [{ name: 'a', aliases: ['x'], ipv4Address: '10.0.0.2' }, { name: 'b' }],
      },
    ],
    ['network_mode: host', { networks: [{ name: 'host' }] }],
    [
      'deploy: { resources: { limits: { cpus: "0.5", memory: 64M, pids: 10 }, reservations: { memory: 32M } } }',
      {
        limits: { cpus: 0.5, memoryBytes: 67_108_864, pids: 10, memoryReservationBytes: 33_554_432 },
      },
    ],
    [
      'deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 2, capabilities: [gpu] }] } } }',
      { gpus: 2 },
    ],
    ['deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } }', { gpus: -1 }],
    [
      'mem_limit: 1g\nmemswap_limit: -1\ncpus: 2\ncpuset: 0,1\nshm_size: 1m',
      {
        limits: {
          memoryBytes: 1_073_741_824,
          memorySwapBytes: -1,
          cpus: 2,
          cpuset: '0,1',
          shmBytes: 1_048_576,
        },
      },
    ],
    [
      'ulimits: { nofile: { soft: 1, hard: 2 }, core: 0 }',
      {
        ulimits: [
          { name: 'nofile', soft: 1, hard: 2 },
          { name: 'core', soft: 0, hard: 0 },
        ],
      },
    ],
    ['extra_hosts: { a: 1.2.3.4 }', { extraHosts: ['a:1.2.3.4'] }],
    ['extra_hosts: ["a=1.2.3.4"]', { extraHosts: ['a:1.2.3.4'] }],
    ['healthcheck: { disable: true }', { healthcheck: { disabled: true } }],
    [
      'healthcheck: { test: [CMD, a, b], retries: 3, start_period: 1m }',
      {
        healthcheck: { test: ['CMD', 'a', 'b'], retries: 3, startPeriodMs: 60_000 },
      },
    ],
    ['stop_signal: SIGINT\nstop_grace_period: 1m30s', { stopSignal: 'SIGINT', stopTimeoutSeconds: 90 }],
    [
      'user: "1000"\ntty: true\nstdin_open: true\ninit: true\nread_only: true\nprivileged: true',
      {
        user: '1000',
        tty: true,
        interactive: true,
        init: true,
        readOnly: true,
        privileged: true,
      },
    ],
    [
      'cap_add: [NET_ADMIN]\ndns: 1.1.1.1\nsysctls: [a.b=1]\ndevices: ["/dev/a:/dev/b"]',
      {
        capAdd: ['NET_ADMIN'],
        dns: ['1.1.1.1'],
        sysctls: [{ key: 'a.b', value: '1' }],
        devices: [{ hostPath: '/dev/a', containerPath: '/dev/b' }],
      },
    ],
    [
      'pid: host\nipc: host\nuts: host\ncgroup: host\nuserns_mode: host\nruntime: runsc\nworking_dir: /x',
      {
        pidMode: 'host',
        ipcMode: 'host',
        utsMode: 'host',
        cgroupnsMode: 'host',
        usernsMode: 'host',
        runtime: 'runsc',
        workingDir: '/x',
      },
    ],
  ])('%s', (yaml, expected) => {
    expect(read(yaml)).toEqual(expected);
    expect(service(yaml).left).toEqual([]);
  });
});

describe('nothing is dropped in silence', () => {
  test.each([
    ['a key without a place', 'build: .\nprofiles: [x]', ['build', 'profiles']],
    [
      'a part of one',
      'deploy: { replicas: 2, resources: { limits: { devices: 1 } } }',
      ['deploy.replicas', 'deploy.resources.limits.devices'],
    ],
    [
      'a device that was chosen',
      'deploy: { resources: { reservations: { devices: [{ device_ids: ["1"], capabilities: [gpu] }] } } }',
      ['deploy.resources.reservations.devices'],
    ],
    ['a variable without a default', 'hostname: ${HOST}', ['${HOST}']],
    ['a variable that comes from the shell', 'environment: [HOME]', ['environment: HOME']],
    ['an option of a mount', 'volumes: ["a:/b:z"]', ['volumes: z']],
    ['the network of another service', 'network_mode: service:db', ['network_mode']],
    ['a number that a variable stands for', 'cpus: ${CPUS}', ['${CPUS}', 'cpus']],
    [
      'a limit that a variable stands for',
      'deploy: { resources: { limits: { cpus: "${CPUS}", memory: "${MEMORY}" }, reservations: { memory: much } } }',
      [
        '${CPUS}',
        'deploy.resources.limits.cpus',
        '${MEMORY}',
        'deploy.resources.limits.memory',
        'deploy.resources.reservations.memory',
      ],
    ],
    ['a switch that a variable stands for', 'privileged: ${ROOT}', ['${ROOT}', 'privileged']],
    ['a limit that is none', 'ulimits: { nofile: many }', ['ulimits.nofile']],
    [
      'what a health check cannot be told',
      'healthcheck: { test: "true", interval: often, retries: some, disable: perhaps }',
      ['healthcheck.interval', 'healthcheck.retries', 'healthcheck.disable'],
    ],
    [
      'parts of a mount',
      'volumes: [{ type: tmpfs, target: /t, tmpfs: { size: big }, read_only: perhaps }]',
      ['volumes.tmpfs.size', 'volumes.read_only'],
    ],
    ['ports that Docker would choose from', 'ports: ["8000-9000:80"]', ['ports']],
  ])('%s', (_, yaml, left) => expect(service(yaml).left).toEqual(left));
});

test('a secret that it refers to is not left out', () => {
  expect(service('environment: { DB: "${secret:db_password}" }')).toMatchObject({
    spec: { environment: [{ name: 'DB', value: '${secret:db_password}' }] },
    left: [],
  });
});

test('a service that is pasted without its file', () => {
  const file = composeFile('image: web\ncommand: serve');
  expect(file.services).toEqual(['app']);
  expect(file.read('app').spec).toEqual({ image: 'web', command: ['serve'] });
});

test('numbers and switches have the defaults of their variables as texts have', () => {
  const { spec, left } = service(
    'cpus: ${CPUS:-1.5}\nprivileged: ${ROOT:-true}\nread_only: ${RO-false}\npids_limit: "${PIDS:-50}"',
  );
  expect(spec).toEqual({ image: 'web', limits: { cpus: 1.5, pids: 50 }, privileged: true, readOnly: false });
  expect(left).toEqual([]);
});

test('a pull policy is taken over', () => {
  expect(service('pull_policy: always').pull).toBe('ALWAYS');
});

test.each([
  ['a: [', 'yaml'],
  ['a: 1\na: 2', 'yaml'],
  ['just words', 'services'],
  ['services: {}', 'services'],
])('%j has no service in it', (text, reason) => {
  expect(() => composeFile(text)).toThrow(expect.objectContaining({ reason }));
});

test('a file that grows without bound is refused', () => {
  const lines = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
  for (const [before, name] of [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
    ['d', 'e'],
  ]) {
    lines.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]`);
  }
  expect(() => composeFile(lines.join('\n'))).toThrow(expect.objectContaining({ reason: 'yaml' }));
});

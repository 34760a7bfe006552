import { expect, test } from 'vitest';
import { detailsOf } from './details-mapping.ts';
import { containerOf, lifetimeOf, noUsage, unknownLifetime } from './mapping.ts';

const entry = {
  Id: 'a'.repeat(64),
  Names: ['/other/alias', '/web'],
  Image: 'nginx:1',
  ImageID: 'sha256:abc',
  Command: "nginx -g 'daemon off;'",
  Created: 1_700_000_000,
  State: 'running',
  Status: 'Up 5 minutes (healthy)',
  Labels: { b: '2', a: '1' },
  Ports: [
    { PrivatePort: 443, Type: 'tcp' },
    { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
  ],
  NetworkSettings: { Networks: { bridge: {}, internal: {} } },
};

test('an entry of the list is a container', () => {
  expect(containerOf(entry, unknownLifetime, noUsage)).toEqual({
    id: 'a'.repeat(64),
    name: 'web',
    image: 'nginx:1',
    imageId: 'sha256:abc',
    command: "nginx -g 'daemon off;'",
    state: 'RUNNING',
    status: 'Up 5 minutes (healthy)',
    createdAt: 1_700_000_000_000,
    startedAt: null,
    finishedAt: null,
    exitCode: null,
    health: null,
    labels: [
      { key: 'b', value: '2' },
      { key: 'a', value: '1' },
    ],
    ports: [
      { privatePort: 80, publicPort: 8080, protocol: 'tcp', address: '0.0.0.0' },
      { privatePort: 443, publicPort: null, protocol: 'tcp', address: null },
    ],
    networks: ['bridge', 'internal'],
    ...noUsage,
  });
});

test('hostile names and labels are bounded, and none is taken for markup of ours', () => {
  const hostile = containerOf(
    {
      ...entry,
      Names: [`/${'n'.repeat(100_000)}`],
      Labels: Object.fromEntries(
        Array.from({ length: 5000 }, (_, n) => [`k${n}`, '<script>\u001b[2J'.repeat(1000)]),
      ),
    },
    unknownLifetime,
    noUsage,
  );
  expect(JSON.stringify(hostile).length).toBeLessThan(2 * 1024 * 1024);
  expect(hostile.labels.length).toBeLessThanOrEqual(200);
});

test('an engine that answers nonsense costs details, not the list', () => {
  expect(
    containerOf(
      { Id: 5, Names: null, State: 'melted', Ports: 'none', Created: 'now' },
      unknownLifetime,
      noUsage,
    ),
  ).toMatchObject({ id: '', name: '', state: 'DEAD', ports: [], labels: [], createdAt: 0 });
});

test.each([
  [
    {
      Status: 'running',
      StartedAt: '2026-11-22T07:00:00.5Z',
      FinishedAt: '0001-01-01T00:00:00Z',
      ExitCode: 0,
      Pid: 42,
    },
    { startedAt: Date.UTC(2026, 10, 22, 7, 0, 0, 500), finishedAt: null, exitCode: null, pid: 42 },
  ],
  [
    {
      Status: 'exited',
      StartedAt: '2026-11-22T07:00:00Z',
      FinishedAt: '2026-11-22T08:00:00Z',
      ExitCode: 137,
      Pid: 0,
    },
    { exitCode: 137, pid: null, finishedAt: Date.UTC(2026, 10, 22, 8) },
  ],
  [
    { Status: 'created', StartedAt: '0001-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z', ExitCode: 0 },
    { startedAt: null, exitCode: null },
  ],
  [{ Status: 'restarting', StartedAt: '2026-11-22T07:00:00Z', ExitCode: 1 }, { exitCode: null }],
  [{ Status: 'running', Health: { Status: 'unhealthy' } }, { health: 'unhealthy' }],
  [{ Status: 'running', Health: { Status: 'none' } }, { health: null }],
])('a life as inspect tells it: %j', (state, expected) => {
  expect(lifetimeOf({ State: state })).toMatchObject(expected);
});

test('the network is its own unless it borrows one', () => {
  const own = (mode: string): boolean => lifetimeOf({ HostConfig: { NetworkMode: mode } }).ownNetwork;
  expect(['default', 'bridge', 'none', 'shop_default'].map(own)).toEqual([true, true, true, true]);
  expect(['host', 'container:abc'].map(own)).toEqual([false, false]);
});

const inspect = {
  Config: {
    Env: ['PATH=/bin', 'DB_PASSWORD=hunter2=x', 'EMPTY=', 'BARE'],
    Entrypoint: null,
    Cmd: ['sleep', '1'],
    Tty: true,
    Healthcheck: { Test: ['CMD', 'true'], Interval: 30_000_000_000, Retries: 3 },
  },
  HostConfig: {
    Memory: 256 * 1024 * 1024,
    NanoCpus: 1_500_000_000,
    PidsLimit: -1,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 4 },
    LogConfig: { Type: 'splunk', Config: { 'splunk-token': 'hunter2', 'max-size': '1m' } },
    Mounts: [
      {
        Type: 'volume',
        Target: '/data',
        VolumeOptions: {
          DriverConfig: { Name: 'local', Options: { type: 'cifs', o: 'username=me,password=hunter2' } },
        },
      },
    ],
  },
  State: {
    OOMKilled: true,
    Error: '',
    Health: { FailingStreak: 2, Log: [{ Output: 'first' }, { Output: 'last' }] },
  },
  Mounts: [
    { Type: 'volume', Name: 'data', Source: '/var/lib/docker/volumes/data', Destination: '/data', RW: false },
  ],
};

test('details tell everything but what looks secret', () => {
  const details = detailsOf(containerOf(entry, unknownLifetime, noUsage), inspect);
  expect(details).toMatchObject({
    entrypoint: [],
    arguments: ['sleep', '1'],
    tty: true,
    oomKilled: true,
    error: null,
    restartPolicy: 'on-failure:4',
    limits: { memoryBytes: 256 * 1024 * 1024, cpus: 1.5, pids: null },
    healthcheck: {
      test: ['CMD', 'true'],
      intervalMs: 30_000,
      timeoutMs: null,
      retries: 3,
      failingStreak: 2,
      lastOutput: 'last',
    },
    mounts: [{ type: 'volume', name: 'data', destination: '/data', readOnly: true }],
    environmentNames: ['PATH', 'DB_PASSWORD', 'EMPTY', 'BARE'],
  });
  expect(JSON.stringify(details)).not.toContain('hunter2');
  for (const shown of ['DB_PASSWORD=••••••', '"max-size":"1m"', 'username=me,password=***', '"type":"cifs"'])
    expect(details.inspectJson).toContain(shown);
});

import { describe, expect, test } from 'vitest';
import type { ContainerFieldsFragment } from '../generated/agent/graphql.ts';
import { sample } from '../metrics/testing.ts';
import { pressureAfter, type Pressure } from './pressure.ts';
import { worstFirst } from './problem.ts';
import { problemsOf, type ContainersState, type Evidence, type ServerState } from './rules.ts';

const now = Date.UTC(2026, 10, 22, 12);
const minute = 60_000;

const server: ServerState = {
  id: 'srv_a',
  name: 'Athens',
  connection: 'online',
  maintenance: false,
  lastSeenAt: new Date(now - minute),
  lastError: null,
  clockSkewMs: 12,
  invitation: { expiresAt: new Date(now - minute), usedAt: new Date(now - 2 * minute) },
};

const healthy: Evidence = {
  server,
  newest: { serverId: 'srv_a', at: now, sample: sample(1, { cpuPercent: 10, memoryUsedBytes: 1 }) },
  pressure: undefined,
  containers: undefined,
  failedUpdates: [],
  now,
};

const of = (change: Partial<ServerState>, evidence: Partial<Evidence> = {}) =>
  problemsOf({ ...healthy, ...evidence, server: { ...server, ...change } });

describe('a server', () => {
  test('that is well has no problem', () => {
    expect(problemsOf(healthy)).toStrictEqual([]);
  });

  test('that is offline has that one, since it was last seen', () => {
    expect(of({ connection: 'offline', clockSkewMs: 1e7 })).toStrictEqual([
      {
        code: 'AGENT_OFFLINE',
        severity: 'CRITICAL',
        serverId: 'srv_a',
        serverName: 'Athens',
        message: 'The agent is not connected.',
        since: server.lastSeenAt,
        subject: null,
        value: null,
      },
    ]);
  });

  test('that is just coming back has none', () => {
    expect(of({ connection: 'connecting' })).toStrictEqual([]);
  });

  test('whose link fails says why, in maintenance as well', () => {
    const failing = { connection: 'error', lastError: 'Another machine uses this key.', maintenance: true };
    expect(of(failing)).toMatchObject([
      { code: 'AGENT_ERROR', severity: 'CRITICAL', message: 'Another machine uses this key.' },
    ]);
  });

  test('in maintenance has no other', () => {
    expect(of({ connection: 'offline', maintenance: true })).toStrictEqual([]);
    expect(of({ clockSkewMs: 1e7, maintenance: true })).toStrictEqual([]);
  });

  test.each([
    ['expired', { expiresAt: new Date(now), usedAt: null }, ['REGISTRATION_EXPIRED']],
    ['still good', { expiresAt: new Date(now + 1), usedAt: null }, []],
    ['used in time', { expiresAt: new Date(now), usedAt: new Date(now - 1) }, []],
    ['withdrawn', undefined, []],
  ])('whose invitation is %s', (_what, invitation, codes) => {
    expect(of({ connection: 'pending', invitation }).map(({ code }) => code)).toStrictEqual(codes);
  });

  test.each([
    [29_999, []],
    [30_000, ['The clock of the server is 30 s ahead of ours.']],
    [-10_800_000, ['The clock of the server is 10800 s behind ours.']],
  ])('whose clock is %i ms off', (clockSkewMs, messages) => {
    expect(of({ clockSkewMs }).map(({ message }) => message)).toStrictEqual(messages);
  });
});

describe('a file system', () => {
  const mount = (path: string, usedBytes: number, availableBytes: number) => ({
    path,
    device: path,
    fsType: 'ext4',
    totalBytes: 1_000,
    usedBytes,
    availableBytes,
  });

  test('is nearly full from 90 % of what can be used, and as good as full from 97 %', () => {
    const mounts = [
      mount('/', 899, 101),
      mount('/var', 900, 100),
      mount('/srv', 970, 30),
      mount('/empty', 0, 0),
    ];
    const newest = { serverId: 'srv_a', at: now, sample: sample(1, { mounts, memoryUsedBytes: 0 }) };
    expect(of({}, { newest })).toMatchObject([
      { code: 'DISK_FULL', severity: 'WARNING', subject: '/var', value: 90 },
      { code: 'DISK_FULL', severity: 'CRITICAL', subject: '/srv', value: 97 },
    ]);
  });
});

describe('CPU and memory', () => {
  /** What is wrong after samples every 10 s with these CPU percentages, the last one now. */
  const after = (cpu: readonly number[], memoryPercent = 10, every = 10_000) => {
    let pressure: Pressure | undefined;
    let newest = healthy.newest;
    for (const [index, cpuPercent] of cpu.entries()) {
      const at = now - (cpu.length - 1 - index) * every;
      const measured = sample(index, {
        cpuPercent,
        memoryTotalBytes: 1_000,
        memoryUsedBytes: memoryPercent * 10,
      });
      newest = { serverId: 'srv_a', at, sample: { ...measured, mounts: [] } };
      pressure = pressureAfter(pressure, newest);
    }
    return problemsOf({ ...healthy, newest, pressure });
  };
  const times = (count: number, value: number) => Array.from({ length: count }, () => value);

  test('high for five minutes is a problem, and not before', () => {
    expect(after(times(30, 95))).toStrictEqual([]);
    expect(after(times(31, 95))).toMatchObject([
      { code: 'CPU_HIGH', severity: 'WARNING', value: 95, since: new Date(now - 5 * minute) },
    ]);
  });

  test('that waver are one problem, those that fall are none', () => {
    expect(after([...times(30, 95), 86])).toMatchObject([{ code: 'CPU_HIGH', value: 86 }]);
    expect(after([...times(30, 95), 84, 95])).toStrictEqual([]);
  });

  test('over a gap tell nothing of the time between', () => {
    expect(after(times(31, 95), 10, 61_000)).toStrictEqual([]);
  });

  test('used to the last is critical after a minute', () => {
    expect(after(times(7, 5), 95)).toMatchObject([{ code: 'MEMORY_HIGH', severity: 'WARNING', value: 95 }]);
    expect(after(times(7, 5), 97)).toMatchObject([{ code: 'MEMORY_HIGH', severity: 'CRITICAL' }]);
    expect(after(times(6, 5), 97)).toStrictEqual([]);
  });
});

describe('containers', () => {
  const container = (name: string, state: ContainerFieldsFragment['state'], health: string | null = null) =>
    [name, { name, state, health }] as const;
  const state = (change: Partial<ContainersState>): ContainersState =>
    Object.assign(
      {
        docker: { available: true, error: null },
        containers: new Map(),
        observedAt: new Date(now - minute),
        live: true,
      },
      change,
    );
  const containers = new Map([
    container('web', 'RUNNING', 'healthy'),
    container('db', 'RUNNING', 'unhealthy'),
    container('old', 'EXITED', 'unhealthy'),
    container('job', 'RESTARTING'),
  ]);

  test('that fail their check or keep restarting are named', () => {
    expect(of({}, { containers: state({ containers }) })).toMatchObject([
      { code: 'CONTAINER_UNHEALTHY', subject: 'db' },
      { code: 'CONTAINER_RESTARTING', subject: 'job' },
    ]);
  });

  test('of a Docker that went away are not judged; Docker is', () => {
    const docker = { available: false, error: 'Docker does not answer on /run/docker.sock.' };
    expect(of({}, { containers: state({ containers, docker }) })).toMatchObject([
      { code: 'DOCKER_UNAVAILABLE', severity: 'CRITICAL', message: docker.error },
    ]);
  });

  test('a machine that never had Docker lacks nothing', () => {
    expect(of({}, { containers: state({ docker: { available: false, error: 'none' } }) })).toStrictEqual([]);
  });

  test('last seen before the link was lost are not judged', () => {
    expect(of({}, { containers: state({ containers, live: false }) })).toStrictEqual([]);
  });
});

test('an update that failed is a problem of its server until it is settled', () => {
  const at = new Date(now - minute);
  expect(of({}, { failedUpdates: [{ name: 'shop', at }] })).toMatchObject([
    { code: 'UPDATE_FAILED', severity: 'WARNING', subject: 'shop', since: at },
  ]);
});

test('the worst come first, and always in the same order', () => {
  const problems = [
    ...of({ clockSkewMs: 60_000 }),
    ...of({ connection: 'offline', name: 'Berlin' }),
    ...of({ connection: 'error', name: 'Aachen' }),
  ];
  expect(worstFirst(problems).map(({ serverName }) => serverName)).toStrictEqual([
    'Aachen',
    'Berlin',
    'Athens',
  ]);
  expect(worstFirst(problems.toReversed())).toStrictEqual(worstFirst(problems));
});

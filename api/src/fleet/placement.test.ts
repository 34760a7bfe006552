import { expect, test } from 'vitest';
import { placementOf, type Known } from './placement.ts';

const gib = 2 ** 30;
const server = (serverId: string, changes: Partial<Known> = {}): Known => ({
  serverId,
  online: true,
  maintenance: false,
  allowed: true,
  load: { cpuPercent: 50, cores: 4, memoryTotal: 8 * gib, memoryUsed: 4 * gib, docker: true },
  ...changes,
});
const load = (cpuPercent: number, memoryUsed: number, docker = true): Known['load'] => ({
  cpuPercent,
  cores: 4,
  memoryTotal: 8 * gib,
  memoryUsed,
  docker,
});

test('the most free memory and cores first, with the numbers that speak for it', () => {
  const { candidates } = placementOf([
    server('busy', { load: load(90, 7 * gib) }),
    server('idle', { load: load(10, 2 * gib) }),
    server('half'),
  ]);
  expect(candidates.map(({ serverId }) => serverId)).toEqual(['idle', 'half', 'busy']);
  expect(candidates[0]).toEqual({
    serverId: 'idle',
    memoryFree: 6 * gib,
    memoryTotal: 8 * gib,
    coresFree: 3.6,
    cores: 4,
    score: 100,
  });
});

test('a server that does not come into question says why', () => {
  const { candidates, excluded } = placementOf(
    [
      server('away', { online: false }),
      server('worked-on', { maintenance: true }),
      server('foreign', { allowed: false }),
      server('silent', { load: null }),
      server('bare', { load: load(10, gib, false) }),
      server('full', { load: load(10, 7.5 * gib) }),
      server('fit'),
    ],
    gib,
  );
  expect(candidates.map(({ serverId }) => serverId)).toEqual(['fit']);
  expect(excluded).toEqual([
    { serverId: 'away', reason: 'OFFLINE' },
    { serverId: 'worked-on', reason: 'MAINTENANCE' },
    { serverId: 'foreign', reason: 'NO_SCOPE' },
    { serverId: 'silent', reason: 'NO_METRICS' },
    { serverId: 'bare', reason: 'NO_DOCKER' },
    { serverId: 'full', reason: 'TOO_LITTLE_MEMORY' },
  ]);
});

test('servers that have nothing free at all are no fault', () => {
  const { candidates } = placementOf([server('full', { load: load(100, 8 * gib) })]);
  expect(candidates[0]?.score).toBe(0);
});

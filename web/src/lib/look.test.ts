import { describe, expect, test } from 'vitest';
import { byLook, containerLook, gaugeLook, outcomeLook, problemLook, serverLook } from './look.ts';

describe('every state has one of the five looks', () => {
  test.each([
    ['ONLINE', 'good'],
    ['CONNECTING', 'warning'],
    ['OFFLINE', 'critical'],
    ['ERROR', 'critical'],
    ['MAINTENANCE', 'neutral'],
    ['PENDING', 'unknown'],
  ] as const)('server %s is %s', (status, look) => expect(serverLook(status)).toBe(look));

  test.each([
    [{ state: 'RUNNING' }, 'good'],
    [{ state: 'RUNNING', health: 'HEALTHY' }, 'good'],
    [{ state: 'RUNNING', health: 'STARTING' }, 'warning'],
    [{ state: 'RUNNING', health: 'UNHEALTHY' }, 'critical'],
    [{ state: 'EXITED', exitCode: 0 }, 'neutral'],
    [{ state: 'EXITED', exitCode: 137 }, 'warning'],
    // The last word of a check that no longer runs says nothing.
    [{ state: 'EXITED', exitCode: 0, health: 'UNHEALTHY' }, 'neutral'],
    [{ state: 'PAUSED' }, 'warning'],
    [{ state: 'DEAD' }, 'critical'],
  ] as const)('container %o is %s', (container, look) => expect(containerLook(container)).toBe(look));

  test('outcomes and problems', () => {
    expect([outcomeLook('OK'), outcomeLook('REFUSED'), outcomeLook('FAILED')]).toEqual([
      'good',
      'warning',
      'critical',
    ]);
    expect([problemLook('WARNING'), problemLook('CRITICAL')]).toEqual(['warning', 'critical']);
  });
});

test('a gauge turns yellow at 80 and red at 92 percent', () => {
  expect([0, 79.9, 80, 91.9, 92, 100].map(gaugeLook)).toEqual([
    'good',
    'good',
    'warning',
    'warning',
    'critical',
    'critical',
  ]);
  expect(gaugeLook(null)).toBe('unknown');
});

test('looks sort the worst first', () => {
  expect((['good', 'neutral', 'unknown', 'warning', 'critical'] as const).toSorted(byLook)).toEqual([
    'critical',
    'warning',
    'unknown',
    'neutral',
    'good',
  ]);
});

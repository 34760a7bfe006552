import { describe, expect, test } from 'vitest';
import { nextOpening, openingAt, windowShape, type MaintenanceWindow } from './window.ts';

const everyDay = [1, 2, 3, 4, 5, 6, 7];
const paris = (from: string, to: string, days: readonly number[] = everyDay): MaintenanceWindow => ({
  days,
  from,
  to,
  timeZone: 'Europe/Paris',
});
const next = (window: MaintenanceWindow, at: string): string[] => {
  const opening = nextOpening(window, new Date(at));
  return opening ? [opening.from.toISOString(), opening.to.toISOString()] : [];
};
const isOpen = (window: MaintenanceWindow, at: string) => openingAt(window, new Date(at)) !== undefined;

test('it opens at its first moment and is closed at its last', () => {
  const window = paris('02:00', '04:00');
  expect(isOpen(window, '2026-01-15T00:59:59.999Z')).toBe(false);
  expect(isOpen(window, '2026-01-15T01:00:00Z')).toBe(true);
  expect(isOpen(window, '2026-01-15T02:59:59.999Z')).toBe(true);
  expect(isOpen(window, '2026-01-15T03:00:00Z')).toBe(false);
});

test('the same times are another moment in summer, and in another zone', () => {
  expect(isOpen(paris('02:00', '04:00'), '2026-07-15T00:30:00Z')).toBe(true);
  const auckland = { ...paris('02:00', '04:00'), timeZone: 'Pacific/Auckland' };
  expect(next(auckland, '2026-07-15T00:30:00Z')).toEqual([
    '2026-07-15T14:00:00.000Z',
    '2026-07-15T16:00:00.000Z',
  ]);
  const kolkata = { ...paris('00:00', '01:00'), timeZone: 'Asia/Kolkata' };
  expect(next(kolkata, '2026-07-15T00:30:00Z')[0]).toBe('2026-07-15T18:30:00.000Z');
});

describe('over midnight', () => {
  /** Sunday night into Monday. */
  const window = paris('22:00', '04:00', [7]);

  test('it belongs to the day it opens on', () => {
    expect(isOpen(window, '2026-11-22T20:59:00Z')).toBe(false);
    expect(isOpen(window, '2026-11-22T21:00:00Z')).toBe(true);
    expect(isOpen(window, '2026-11-23T02:59:00Z')).toBe(true);
    expect(isOpen(window, '2026-11-23T03:00:00Z')).toBe(false);
    expect(isOpen(window, '2026-11-22T02:00:00Z')).toBe(false);
  });

  test('the next one is a week later', () => {
    expect(next(window, '2026-11-23T03:00:00Z')[0]).toBe('2026-11-29T21:00:00.000Z');
  });
});

test('from a time to the same is a whole day', () => {
  expect(next(paris('00:00', '00:00', [3]), '2026-11-23T00:00:00Z')).toEqual([
    '2026-11-24T23:00:00.000Z',
    '2026-11-25T23:00:00.000Z',
  ]);
});

describe('on the night that the clocks go forward', () => {
  const before = '2026-03-28T12:00:00Z';

  test('what begins in the hour that is skipped begins when it is', () => {
    expect(next(paris('02:30', '03:10'), before)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T01:10:00.000Z',
    ]);
  });

  test('what lies in that hour is not left out', () => {
    expect(next(paris('02:15', '02:45'), before)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T01:45:00.000Z',
    ]);
  });

  test('what ends in that hour is as long as ever', () => {
    expect(next(paris('01:30', '02:30'), before)).toEqual([
      '2026-03-29T00:30:00.000Z',
      '2026-03-29T01:30:00.000Z',
    ]);
  });
});

describe('on the night that the clocks go back', () => {
  const before = '2026-10-24T12:00:00Z';

  test('what lies in the hour that comes twice is open once', () => {
    const window = paris('02:15', '02:45');
    expect(next(window, before)).toEqual(['2026-10-25T00:15:00.000Z', '2026-10-25T00:45:00.000Z']);
    expect(isOpen(window, '2026-10-25T01:30:00Z')).toBe(false);
  });

  test('what lies around it is an hour longer', () => {
    expect(next(paris('01:00', '04:00'), before)).toEqual([
      '2026-10-24T23:00:00.000Z',
      '2026-10-25T03:00:00.000Z',
    ]);
  });
});

test('where midnight itself is skipped, it opens when the day begins', () => {
  const beirut = { ...paris('00:00', '02:00'), timeZone: 'Asia/Beirut' };
  expect(next(beirut, '2026-03-28T12:00:00Z')).toEqual([
    '2026-03-28T22:00:00.000Z',
    '2026-03-28T23:00:00.000Z',
  ]);
});

test.each([
  [{ days: [] }],
  [{ days: [0] }],
  [{ days: [8] }],
  [{ from: '24:00' }],
  [{ from: '7:00' }],
  [{ timeZone: 'Europe/Atlantis' }],
  [{ timeZone: '+02:00' }],
])('%o makes no window', (wrong) => {
  expect(windowShape.safeParse({ ...paris('02:00', '04:00'), ...wrong }).success).toBe(false);
});

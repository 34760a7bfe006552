import { expect, test } from 'vitest';
import { dueAt, earliestDue } from './schedule.ts';

const since = new Date('2026-01-01T00:00:00Z');
const dayMs = 24 * 60 * 60 * 1000;
const daysAfter = (date: Date): number => (date.getTime() - since.getTime()) / dayMs;

test('keys that were made together are due over a fifth of the time', () => {
  const days = Array.from({ length: 500 }, (_item, n) => daysAfter(dueAt(`srv_${n}`, since, 90)));
  expect(Math.min(...days)).toBeGreaterThanOrEqual(81);
  expect(Math.min(...days)).toBeLessThan(82);
  expect(Math.max(...days)).toBeLessThanOrEqual(99);
  expect(Math.max(...days)).toBeGreaterThan(98);
});

test('the same key is always due at the same time', () => {
  expect(dueAt('srv_1', since, 90)).toEqual(dueAt('srv_1', since, 90));
});

test('nothing is due before the earliest time', () => {
  const due = dueAt('srv_1', since, 90);
  expect(earliestDue(due, 90).getTime()).toBeGreaterThanOrEqual(since.getTime());
});

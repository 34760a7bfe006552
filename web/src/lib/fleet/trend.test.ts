import { expect, test } from 'vitest';
import { emptyTrend, Trend } from './trend.ts';

const trend = new Trend(0, 10, [1, 2, 3]);

test('a value within the last step replaces it', () => {
  expect(trend.moved(29, 9).values).toEqual([1, 2, 9]);
});

test('a later value moves the window', () => {
  expect(trend.moved(31, 4).values).toEqual([2, 3, 4]);
  expect(trend.moved(55, 6).values).toEqual([null, null, 6]);
});

test('time without values is a gap', () => {
  expect(trend.moved(49, 5).values).toEqual([3, null, 5]);
});

test('what lies before the window changes nothing', () => {
  expect(trend.moved(-1, 9)).toBe(trend);
});

test('the last value is the newest that was measured', () => {
  expect(new Trend(0, 10, [1, null]).last).toBe(1);
  expect(new Trend(0, 10, [null]).last).toBeNull();
});

test('an empty trend ends now', () => {
  const now = 1_700_000_012_345;
  const values = emptyTrend(now).moved(now, 7).values;
  expect(values).toHaveLength(30);
  expect(values.at(-1)).toBe(7);
});

import { expect, test } from 'vitest';
import { rates } from './rates.ts';

test('growth per second', () => {
  expect(rates({ at: 1000, values: [100, 50] }, { at: 3000, values: [300, 50] })).toEqual([100, 0]);
});

test('the first reading, a counter that began anew and one that is not counted have none', () => {
  expect(rates(null, { at: 1000, values: [100] })).toEqual([null]);
  expect(rates({ at: 1000, values: [100, null, 1] }, { at: 2000, values: [5, 7, null] })).toEqual([
    null,
    null,
    null,
  ]);
});

test('two readings of one moment say nothing', () => {
  expect(rates({ at: 1000, values: [1] }, { at: 1000, values: [9] })).toEqual([null]);
});

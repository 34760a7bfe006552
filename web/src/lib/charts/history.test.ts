import { describe, expect, test } from 'vitest';
import { History } from './history.ts';

const second = 1000;
const start = 1_700_000_000_000;
const history = ({ rangeMs = 60 * second, stepMs = 10 * second, lines = 1 } = {}) =>
  new History({ rangeMs, stepMs, lines });

test('seconds and values, side by side', () => {
  const two = history({ lines: 2 });
  two.append(start, [1, 2]);
  two.append(start + 10 * second, [3, null]);
  expect(two.columns()).toEqual([
    [start / 1000, start / 1000 + 10],
    [1, 3],
    [2, null],
  ]);
});

test('a missing stretch is a hole, not a line across it', () => {
  const one = history();
  one.append(start, [1]);
  one.append(start + 40 * second, [2]);
  expect(one.columns()[1]).toEqual([1, null, 2]);
});

test('what is older than the window falls out', () => {
  const one = history({ rangeMs: 30 * second });
  for (let index = 0; index < 6; index++) one.append(start + index * 10 * second, [index]);
  expect(one.columns()[1]).toEqual([2, 3, 4, 5]);
});

test('what comes late is left out', () => {
  const one = history();
  one.append(start, [1]);
  one.append(start - second, [2]);
  one.append(start, [3]);
  expect(one.columns()[1]).toEqual([1]);
});

describe('live samples after stored ones', () => {
  test('a long window keeps one value a step', () => {
    const day = history({ rangeMs: 24 * 3600 * second, stepMs: 240 * second });
    day.append(start, [0]);
    for (let index = 1; index <= 600; index++) day.append(start + index * second, [index]);
    const [times, values] = day.columns();
    expect(times.length).toBeLessThan(6);
    expect(values?.at(-1)).toBe(600);
  });
});

test('arrays are fresh each time, because the chart keeps what it is given', () => {
  const one = history();
  one.append(start, [1]);
  const before = one.columns();
  one.append(start + second, [2]);
  expect(before[0]).toHaveLength(1);
});

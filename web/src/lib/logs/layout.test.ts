import { describe, expect, test } from 'vitest';
import { columnsIn, RowLayout, rowsOf } from './layout.ts';

describe('rows of a line', () => {
  test.each([
    ['', 10, 1],
    ['x'.repeat(10), 10, 1],
    ['x'.repeat(11), 10, 2],
    ['漢'.repeat(5), 10, 1],
    ['漢'.repeat(6), 10, 2],
    ['\tx', 8, 2],
    ['é'.repeat(10), 10, 1],
    ['anything', 0, 1],
  ])('%j in %d columns', (text, columns, rows) => expect(rowsOf(text, columns)).toBe(rows));
});

describe('places of lines', () => {
  const layout = new RowLayout(2);
  const heights = [1, 3, 1, 2];
  layout.measure(heights.length, (index) => heights[index] ?? 1);

  test('each begins where the one before ends', () => {
    expect([0, 1, 2, 3, 4].map((index) => layout.offset(index))).toEqual([0, 1, 4, 5, 7]);
    expect(layout.total).toBe(7);
  });

  test('a height tells its line', () => {
    expect([0, 1, 3, 4, 5, 6, 99].map((row) => layout.at(row))).toEqual([0, 1, 1, 2, 3, 3, 4]);
  });

  test('measured anew, it forgets what was', () => {
    layout.measure(1, () => 2);
    expect([layout.total, layout.at(1), layout.offset(9)]).toEqual([2, 0, 2]);
  });
});

test('lines that were measured stay where they are when others come after them', () => {
  const layout = new RowLayout(2);
  layout.measure(3, () => 2);
  const asked: number[] = [];
  layout.measure(
    5,
    (index) => {
      asked.push(index);
      return 1;
    },
    3,
  );
  expect(asked).toEqual([3, 4]);
  expect([layout.offset(3), layout.total, layout.at(6)]).toEqual([6, 8, 3]);
});

test('a line has all the room up to the edge, and no more', () => {
  // 12 pixels of edge, 4 characters before it: 20 characters of 7 pixels are left, then not quite.
  expect(columnsIn(12 + 7 * 24, 7, 4)).toBe(20);
  expect(columnsIn(12 + 7 * 24 - 1, 7, 4)).toBe(19);
  expect(columnsIn(20, 7, 30)).toBe(1);
});

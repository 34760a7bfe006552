import { expect, test } from 'vitest';
import { pages } from './pages.ts';

test('an empty list is one empty page', () => {
  expect(pages([])).toEqual([[]]);
});

test('by number', () => {
  expect(pages([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
});

test('by size; what is too large alone has a page of its own', () => {
  const [small, large] = ['s'.repeat(10), 'l'.repeat(100)];
  expect(pages([small, small, large, small], 10, 30)).toEqual([[small, small], [large], [small]]);
});

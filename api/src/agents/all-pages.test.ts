import { expect, test } from 'vitest';
import { allPages } from './all-pages.ts';

test('pages run into one list', async () => {
  const pages = new Map<string | null, { items: string[]; next: string | null }>([
    [null, { items: ['a', 'b'], next: 'b' }],
    ['b', { items: ['c'], next: null }],
  ]);
  const ask = (after: string | null) => Promise.resolve(pages.get(after) ?? { items: [], next: null });
  expect(await allPages(ask)).toEqual(['a', 'b', 'c']);
});

test.each([
  ['that never ends', { items: [], next: 'again' }],
  ['of endless items', { items: Array.from({ length: 5_000 }, () => 'x'), next: 'again' }],
  ['of endless text', { items: ['x'.repeat(10_000_000)], next: 'again' }],
])('a list %s is not read for ever', async (_what, page) => {
  let asked = 0;
  const ask = () => {
    asked += 1;
    return Promise.resolve(page);
  };
  await expect(allPages(ask)).rejects.toThrow(expect.objectContaining({ code: 'AGENT_PROTOCOL_ERROR' }));
  expect(asked).toBeLessThanOrEqual(1_000);
});

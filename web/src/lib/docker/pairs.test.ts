import { expect, test } from 'vitest';
import { pairsOf, pairText } from './pairs.ts';

test('lines are pairs; values may hold the sign, and may be missing', () => {
  const pairs = pairsOf(' type=tmpfs \n\no = size=1m,uid=1\nplain\n');
  expect(pairs).toEqual([
    { key: 'type', value: 'tmpfs' },
    { key: 'o', value: 'size=1m,uid=1' },
    { key: 'plain', value: '' },
  ]);
  expect(pairText(pairs)).toBe('type=tmpfs, o=size=1m,uid=1, plain');
});

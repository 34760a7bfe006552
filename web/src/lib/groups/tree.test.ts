import { expect, test } from 'vitest';
import { asTree, idsWithin } from './tree.ts';

const groups = [
  { id: 'eu', name: 'Europe', parentId: null },
  { id: 'web', name: 'Web', parentId: 'fr' },
  { id: 'us', name: 'America' },
  { id: 'fr', name: 'France', parentId: 'eu' },
  { id: 'de', name: 'Germany', parentId: 'eu' },
];

test('each group stands before what lies in it, with its way there', () => {
  expect(asTree(groups).map(({ depth, path }) => [depth, path])).toEqual([
    [0, 'Europe'],
    [1, 'Europe / France'],
    [2, 'Europe / France / Web'],
    [1, 'Europe / Germany'],
    [0, 'America'],
  ]);
});

test('a group in one that is not seen stands at the top', () => {
  expect(asTree([{ id: 'web', name: 'Web', parentId: 'hidden' }])).toMatchObject([{ depth: 0, path: 'Web' }]);
});

test('a group holds itself and all below it', () => {
  expect([...idsWithin(groups, 'eu')].toSorted()).toEqual(['de', 'eu', 'fr', 'web']);
  expect([...idsWithin(groups, 'us')]).toEqual(['us']);
});

import { expect, it } from 'vitest';
import type { FileRow } from './files.ts';
import { nextSort, sortFiles, type FileSort } from './sort.ts';

const row = (name: string, sizeBytes: number | null, day: number): FileRow => ({
  name,
  sizeBytes,
  modifiedAt: new Date(Date.UTC(2026, 0, day)).toISOString(),
  kind: sizeBytes === null ? 'DIRECTORY' : 'FILE',
  mode: 0o644,
  uid: 0,
  gid: 0,
  linkTarget: null,
});
/** As the agent sends them. */
const rows = [row('a', 5, 3), row('b', null, 1), row('c', 900, 2), row('d', 5, 9)];
const names = (sort: FileSort) =>
  sortFiles(rows, sort)
    .map(({ name }) => name)
    .join('');

it.each([
  ['name', 'abcd'],
  ['-name', 'dcba'],
  ['-size', 'cadb'],
  ['size', 'adcb'],
  ['-modified', 'dacb'],
  ['modified', 'bcad'],
] as const)('by %s: %s', (sort, order) => {
  expect(names(sort)).toBe(order);
});

it('leaves what was read as it is', () => {
  sortFiles(rows, '-size');
  expect(rows.map(({ name }) => name).join('')).toBe('abcd');
});

it('begins with the largest and the newest, and turns round', () => {
  expect(nextSort('name', 'size')).toBe('-size');
  expect(nextSort('-size', 'size')).toBe('size');
  expect(nextSort('size', 'size')).toBe('-size');
  expect(nextSort('size', 'modified')).toBe('-modified');
  expect(nextSort('name', 'name')).toBe('-name');
  expect(nextSort('-size', 'name')).toBe('name');
});

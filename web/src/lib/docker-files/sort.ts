import { oneOf } from '../url-state.ts';
import type { FileRow } from './files.ts';

/** A dash before it: from the end. Sizes and times begin with what is asked for most, the largest and the newest. */
export const fileSorts = ['name', '-name', '-size', 'size', '-modified', 'modified'] as const;
export type FileSort = (typeof fileSorts)[number];
export type FileKey = 'name' | 'size' | 'modified';

export const filesState = { sort: oneOf(fileSorts, 'name') };

export const keyOf = (sort: FileSort): FileKey => {
  if (sort.endsWith('name')) return 'name';
  return sort.endsWith('size') ? 'size' : 'modified';
};
export const isFalling = (sort: FileSort): boolean => sort.startsWith('-');

/** What choosing a column leads to: its own first direction, or the other one where it is chosen already. */
export function nextSort(sort: FileSort, key: FileKey): FileSort {
  const [first = 'name', other = first] = fileSorts.filter((one) => keyOf(one) === key);
  return sort === first ? other : first;
}

type Order = (a: FileRow, b: FileRow) => number;

/** The agent's own order, by the bytes of the names, decides between equals; what has no size comes last either way. */
export function sortFiles(rows: readonly FileRow[], sort: FileSort): readonly FileRow[] {
  if (sort === 'name') return rows;
  if (sort === '-name') return rows.toReversed();
  const turn = isFalling(sort) ? -1 : 1;
  const orders: Record<Exclude<FileKey, 'name'>, Order> = {
    size: (a, b) => {
      if (a.sizeBytes === null || b.sizeBytes === null) {
        return Number(a.sizeBytes === null) - Number(b.sizeBytes === null);
      }
      return turn * (a.sizeBytes - b.sizeBytes);
    },
    modified: (a, b) => turn * (Date.parse(a.modifiedAt) - Date.parse(b.modifiedAt)),
  };
  const key = keyOf(sort);
  return key === 'name' ? rows : rows.toSorted(orders[key]);
}

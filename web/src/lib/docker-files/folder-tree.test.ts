import { expect, test } from 'vitest';
import {
  mostFiles,
  TooManyFiles,
  treeOfEntry,
  treesOfFiles,
  type Entry,
  type FileEntry,
  type FolderEntry,
} from './folder-tree.ts';

interface Tree {
  readonly [name: string]: Tree | string;
}

/** As the browser gives what was dropped: a few entries of a folder at a time. */
function folder(name: string, content: Tree): FolderEntry {
  const children = Object.entries(content).map(([child, inside]): Entry =>
    typeof inside === 'string' ? fileEntry(child, inside) : folder(child, inside),
  );
  const readEntries = (found: (entries: Entry[]) => void): void => found(children.splice(0, 2));
  return { name, isDirectory: true, createReader: () => ({ readEntries }) };
}

function fileEntry(name: string, content: string): FileEntry {
  return { name, isDirectory: false, file: (found) => found(new File([content], name)) };
}

function chosen(path: string): File {
  const file = new File(['x'], path.split('/').at(-1) ?? '');
  return Object.defineProperty(file, 'webkitRelativePath', { value: path });
}

test('what was dropped is walked to its end, empty folders as well, each after the one that it is in', async () => {
  const tree = await treeOfEntry(
    folder('site', { a: '1', b: '2', c: '3', img: { 'x.png': '4' }, empty: {} }),
  );
  expect(tree.folders).toEqual(['site', 'site/img', 'site/empty']);
  expect(tree.files.map(({ folder: at, file }) => `${at}/${file.name}`)).toEqual([
    'site/a',
    'site/b',
    'site/c',
    'site/img/x.png',
  ]);
});

test('what was chosen has every folder on the way to a file', () => {
  expect(treesOfFiles([chosen('site/a/b/c.txt'), chosen('site/d.txt'), chosen('alone.txt')])).toEqual([
    {
      name: 'site',
      folders: ['site', 'site/a', 'site/a/b'],
      files: [
        { folder: 'site/a/b', file: expect.objectContaining({ name: 'c.txt' }) as unknown },
        { folder: 'site', file: expect.objectContaining({ name: 'd.txt' }) as unknown },
      ],
    },
  ]);
});

test('more than a browser is for are refused before anything is sent', async () => {
  const many = Object.fromEntries(Array.from({ length: mostFiles + 1 }, (_, index) => [`f${index}`, '']));
  await expect(treeOfEntry(folder('many', many))).rejects.toThrow(TooManyFiles);
  expect(() => treesOfFiles(Object.keys(many).map((name) => chosen(`many/${name}`)))).toThrow(TooManyFiles);
});

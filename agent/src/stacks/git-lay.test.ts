import { mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { changedSince, layFiles, removeFiles, takeBack, type Laid, type LaidFile } from './git-lay.ts';
import type { TreeFile } from './git-tree.ts';

const file = (path: string, text: string, executable = false): TreeFile => ({
  path,
  executable,
  bytes: Buffer.from(text),
});

let scratch: TempDir;
beforeEach(async () => {
  scratch = await tempDir('sk-scratch-');
});
afterEach(() => scratch[Symbol.asyncDispose]());

/** So many times. */
let times = 0;

const lay = (folder: string, files: readonly TreeFile[], gone: readonly string[]): Laid =>
  layFiles(folder, { files, gone, aside: scratch.file(`${(times += 1)}`) });

test('files come, change and go; what others have put there stays', async () => {
  await using dir = await tempDir('sk-lay-');
  await mkdir(dir.file('data'));
  await writeFile(dir.file('data', 'rows'), 'precious');
  const before = [file('data/.gitkeep', ''), file('conf/a/x', '1'), file('run.sh', 'echo', true)];
  lay(dir.path, before, []);
  expect((await stat(dir.file('run.sh'))).mode & 0o777).toBe(0o755);
  expect((await stat(dir.file('conf'))).mode & 0o777).toBe(0o755);
  const { ino } = await stat(dir.file('conf', 'a', 'x'));

  lay(
    dir.path,
    [file('conf/a/x', '2')],
    before.map(({ path }) => path),
  );
  expect(await readFile(dir.file('conf', 'a', 'x'), 'utf8')).toBe('2');
  expect((await stat(dir.file('conf', 'a', 'x'))).ino, 'whoever has it mounted sees it').toBe(ino);
  await expect(stat(dir.file('run.sh'))).rejects.toThrow('ENOENT');
  expect(await readFile(dir.file('data', 'rows'), 'utf8')).toBe('precious');
});

test('all of it is as it was after an undo, or where something is in the way', async () => {
  await using dir = await tempDir('sk-lay-');
  lay(dir.path, [file('a', 'old'), file('gone', 'here')], []);
  const laid = lay(dir.path, [file('a', 'new'), file('b/c', 'new')], ['gone']);
  laid.undo();
  laid.release();
  expect(await readdir(scratch.path), 'of before, only the first one is kept').toHaveLength(1);
  expect(await readFile(dir.file('a'), 'utf8')).toBe('old');
  expect(await readFile(dir.file('gone'), 'utf8')).toBe('here');
  await expect(stat(dir.file('b'))).rejects.toThrow('ENOENT');

  await mkdir(dir.file('z'));
  expect(() => lay(dir.path, [file('a', 'new'), file('z', 'file')], ['gone'])).toThrow(/in the way of z/);
  expect(await readFile(dir.file('a'), 'utf8')).toBe('old');
  expect(await readFile(dir.file('gone'), 'utf8')).toBe('here');
});

test('links that a container put in the way are not followed', async () => {
  await using dir = await tempDir('sk-lay-');
  await using outside = await tempDir('sk-outside-');
  await writeFile(outside.file('x'), 'untouched');
  lay(dir.path, [file('conf/x', '1')], []);
  await rename(dir.file('conf'), dir.file('moved'));
  await symlink(outside.path, dir.file('conf'));
  expect(() => lay(dir.path, [file('conf/x', '2')], [])).toThrow(/in the way/);
  expect(() => lay(dir.path, [], ['conf/x'])).toThrow(/in the way/);
  await symlink(outside.file('x'), dir.file('link'));
  expect(() => lay(dir.path, [file('link', '2')], [])).toThrow(/in the way/);
  expect(await readFile(outside.file('x'), 'utf8')).toBe('untouched');
});

test('what stood there before waits on the disk, and more than may wait there is in the way', async () => {
  await using dir = await tempDir('sk-lay-');
  const names = Array.from({ length: 6 }, (_one, index) => `file-${index}`);
  const grow = (name: string, size: number): Promise<void> => truncate(dir.file(name), size);
  lay(
    dir.path,
    names.map((name) => file(name, 'from the commit before')),
    [],
  );
  for (const name of names) await grow(name, 10 * 1024 * 1024);
  const before = process.memoryUsage().arrayBuffers;
  const laid = lay(dir.path, [], names);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  laid.undo();
  for (const name of names) expect((await stat(dir.file(name))).size).toBe(10 * 1024 * 1024);

  for (const name of names) await grow(name, 11 * 1024 * 1024);
  expect(() => lay(dir.path, [file('new', 'x')], names)).toThrow(/in the way of file-5/);
  for (const name of names) expect((await stat(dir.file(name))).size).toBe(11 * 1024 * 1024);
});

test('files of a stack that goes are taken away, and what a container put in the way of one stays', async () => {
  await using dir = await tempDir('sk-lay-');
  await using outside = await tempDir('sk-outside-');
  await writeFile(outside.file('x'), 'untouched');
  lay(dir.path, [file('conf/x', '1'), file('plain', '2')], []);
  await rename(dir.file('conf'), dir.file('moved'));
  await symlink(outside.path, dir.file('conf'));
  removeFiles(dir.path, ['conf/x', 'plain']);
  expect((await readdir(dir.path)).toSorted()).toEqual(['conf', 'moved']);
  expect(await readFile(outside.file('x'), 'utf8')).toBe('untouched');
});

test('files that an agent was killed in the middle of laying are put back by the next, unless somebody has changed one', async () => {
  await using dir = await tempDir('sk-lay-');
  const aside = scratch.file('aside');
  lay(dir.path, [file('a', 'old'), file('b/c', 'long'), file('gone', 'here')], []);
  let noted: readonly LaidFile[] = [];
  const files = [file('a', 'the new one'), file('b/c', 'x'), file('new', 'new')];
  layFiles(dir.path, { files, gone: ['gone'], aside }, (begun) => {
    noted = [...begun];
    expect(changedSince(dir.path, noted, aside), 'before anything was done').toBeNull();
  });
  expect(changedSince(dir.path, noted, aside)).toBeNull();
  await writeFile(dir.file('a'), 'the ne');
  await writeFile(dir.file('b', 'c'), '');
  expect(changedSince(dir.path, noted, aside), 'half of it was written').toBeNull();
  for (const [name, text] of [
    ['a', 'by hand'],
    ['b/c', 'xx'],
    ['gone', 'again'],
  ] as const) {
    const before = await readFile(dir.file(name)).catch(() => null);
    await writeFile(dir.file(name), text);
    expect(changedSince(dir.path, noted, aside)).toBe(name);
    if (before === null) await rm(dir.file(name));
    else await writeFile(dir.file(name), before);
  }
  await rm(dir.file('a'));
  expect(changedSince(dir.path, noted, aside)).toBe('a');
  await symlink('/etc/hostname', dir.file('a'));
  expect(() => changedSince(dir.path, noted, aside)).toThrow('ELOOP');
  await rm(dir.file('a'));
  await writeFile(dir.file('a'), 'the new one');

  takeBack(dir.path, noted, aside);
  expect(await readFile(dir.file('a'), 'utf8')).toBe('old');
  expect(await readFile(dir.file('b', 'c'), 'utf8')).toBe('long');
  expect(await readFile(dir.file('gone'), 'utf8')).toBe('here');
  await expect(stat(dir.file('new'))).rejects.toThrow('ENOENT');
  expect(changedSince(dir.path, noted, aside), 'once more').toBeNull();
});

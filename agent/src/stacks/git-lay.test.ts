import { mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { layFiles } from './git-lay.ts';
import type { TreeFile } from './git-tree.ts';

const file = (path: string, text: string, executable = false): TreeFile => ({
  path,
  executable,
  bytes: Buffer.from(text),
});

test('files come, change and go; what others have put there stays', async () => {
  await using dir = await tempDir('sk-lay-');
  await mkdir(dir.file('data'));
  await writeFile(dir.file('data', 'rows'), 'precious');
  const before = [file('data/.gitkeep', ''), file('conf/a/x', '1'), file('run.sh', 'echo', true)];
  layFiles(dir.path, before, []);
  expect((await stat(dir.file('run.sh'))).mode & 0o777).toBe(0o755);
  expect((await stat(dir.file('conf'))).mode & 0o777).toBe(0o755);
  const { ino } = await stat(dir.file('conf', 'a', 'x'));

  layFiles(
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
  layFiles(dir.path, [file('a', 'old'), file('gone', 'here')], []);
  const undo = layFiles(dir.path, [file('a', 'new'), file('b/c', 'new')], ['gone']);
  undo();
  expect(await readFile(dir.file('a'), 'utf8')).toBe('old');
  expect(await readFile(dir.file('gone'), 'utf8')).toBe('here');
  await expect(stat(dir.file('b'))).rejects.toThrow('ENOENT');

  await mkdir(dir.file('z'));
  expect(() => layFiles(dir.path, [file('a', 'new'), file('z', 'file')], ['gone'])).toThrow(
    /in the way of z/,
  );
  expect(await readFile(dir.file('a'), 'utf8')).toBe('old');
  expect(await readFile(dir.file('gone'), 'utf8')).toBe('here');
});

test('links that a container put in the way are not followed', async () => {
  await using dir = await tempDir('sk-lay-');
  await using outside = await tempDir('sk-outside-');
  await writeFile(outside.file('x'), 'untouched');
  layFiles(dir.path, [file('conf/x', '1')], []);
  await rename(dir.file('conf'), dir.file('moved'));
  await symlink(outside.path, dir.file('conf'));
  expect(() => layFiles(dir.path, [file('conf/x', '2')], [])).toThrow(/in the way/);
  expect(() => layFiles(dir.path, [], ['conf/x'])).toThrow(/in the way/);
  await symlink(outside.file('x'), dir.file('link'));
  expect(() => layFiles(dir.path, [file('link', '2')], [])).toThrow(/in the way/);
  expect(await readFile(outside.file('x'), 'utf8')).toBe('untouched');
});

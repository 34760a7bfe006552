import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/tmp.ts';
import { RotatingFile } from './rotating-file.ts';

test('moves the file aside before it grows too large, and keeps the newest', async () => {
  await using dir = await tempDir();
  const file = new RotatingFile({ path: dir.file('log'), maxBytes: 10, backups: 2, mode: 0o600 });
  for (const line of ['aaaa\n', 'bbbb\n', 'cccc\n', 'dddd\n', 'eeee\n', 'ffff\n', 'gggg\n'])
    file.append(line);
  file.close();
  expect((await readdir(dir.path)).toSorted()).toEqual(['log', 'log.1', 'log.2']);
  expect(await readFile(dir.file('log'), 'utf8')).toBe('gggg\n');
  expect(await readFile(dir.file('log.1'), 'utf8')).toBe('eeee\nffff\n');
  expect(await readFile(dir.file('log.2'), 'utf8')).toBe('cccc\ndddd\n');
});

test('goes on where the process before left off', async () => {
  await using dir = await tempDir();
  await writeFile(dir.file('log'), '12345678');
  const file = new RotatingFile({ path: dir.file('log'), maxBytes: 10, backups: 1, mode: 0o600 });
  file.append('abc');
  file.close();
  expect(await readFile(dir.file('log.1'), 'utf8')).toBe('12345678');
});

test('keeps nothing old when no backups are wanted', async () => {
  await using dir = await tempDir();
  const file = new RotatingFile({ path: dir.file('log'), maxBytes: 4, backups: 0, mode: 0o600 });
  file.append('1234');
  file.append('5678');
  file.close();
  expect(await readdir(dir.path)).toEqual(['log']);
  expect(await readFile(dir.file('log'), 'utf8')).toBe('5678');
});

test('a line longer than the limit is written whole', async () => {
  await using dir = await tempDir();
  const file = new RotatingFile({ path: dir.file('log'), maxBytes: 4, backups: 1, mode: 0o600 });
  file.append('a line that is longer');
  file.close();
  expect((await stat(dir.file('log'))).mode & 0o777).toBe(0o600);
  expect(await readFile(dir.file('log'), 'utf8')).toBe('a line that is longer');
});

test('tells when it cannot write, and recovers when it can again', async () => {
  await using dir = await tempDir();
  await mkdir(dir.file('log'));
  const file = new RotatingFile({ path: dir.file('log'), maxBytes: 100, backups: 1, mode: 0o600 });
  expect(() => file.append('lost')).toThrow(/EISDIR/);
  await rm(dir.file('log'), { recursive: true });
  file.append('kept');
  file.close();
  expect(await readFile(dir.file('log'), 'utf8')).toBe('kept');
});

import { existsSync } from 'node:fs';
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { StackStore, type KeptVersion } from './store.ts';

const version: Omit<KeptVersion, 'number'> = {
  at: 1,
  actor: 'usr_1',
  restores: null,
  composeVersion: '2.0',
  services: [],
  commit: null,
  tree: null,
  files: { compose: 'services: {}', env: 'SECRET=hunter2' },
  normalised: '{}',
};

test('versions are listed without their files, which may be large, and forgotten with them', async () => {
  await using dir = await tempDir('sk-store-');
  const versions = dir.file('versions');
  const store = new StackStore({
    folder: dir.path,
    versions,
    policy: () => ({ deniesPath: () => false }),
  });
  for (let count = 0; count < 60; count += 1) store.keep('shop', version);
  const newest = store.latest('shop') ?? 0;
  const { files: _files, normalised: _normalised, ...summary } = version;
  expect(store.summary('shop', newest)).toEqual({ ...summary, number: newest });
  const kept = await readdir(`${versions}/shop`);
  expect(kept.filter((file) => file.endsWith('.summary.json'))).toHaveLength(store.numbers('shop').length);
  expect(existsSync(`${versions}/shop/1.summary.json`)).toBe(false);
});

test('a stack is forgotten although a container put a link in the way of a file of its commit', async () => {
  await using dir = await tempDir('sk-store-');
  await using outside = await tempDir('sk-outside-');
  const policy = () => ({ deniesPath: () => false });
  const store = new StackStore({ folder: dir.path, versions: dir.file('versions'), policy });
  const id = '1'.repeat(40);
  store.write('shop', version.files);
  store.trees('shop').keep(id, [{ path: 'conf/x', executable: false, bytes: Buffer.from('1') }]);
  store.keep('shop', { ...version, tree: id });
  await writeFile(outside.file('x'), 'untouched');
  await symlink(outside.path, dir.file('shop', 'conf'));
  store.forget('shop');
  expect(store.has('shop')).toBe(false);
  expect(await readdir(dir.file('shop'))).toEqual(['conf']);
  expect(await readFile(outside.file('x'), 'utf8')).toBe('untouched');
});

test('of a stack that came to nothing no folder stays, unless there is something in it', async () => {
  await using dir = await tempDir('sk-store-');
  const policy = () => ({ deniesPath: () => false });
  const store = new StackStore({ folder: dir.file('stacks'), versions: dir.file('versions'), policy });
  for (const name of ['empty', 'data', 'kept']) store.prepare(name);
  await writeFile(dir.file('stacks', 'data', 'x'), 'of a container');
  store.keep('kept', version);
  for (const name of ['empty', 'data', 'kept', 'never', '..']) store.abandon(name);
  expect((await readdir(dir.file('stacks'))).toSorted()).toEqual(['data', 'kept']);
});

test('a folder that this host denies is told, and not opened', async () => {
  await using dir = await tempDir('sk-store-');
  const policy = () => ({ deniesPath: () => true });
  const store = new StackStore({ folder: dir.path, versions: dir.file('versions'), policy });
  expect(store.placeIn('shop')).toBe(dir.file('shop'));
  expect(() => store.folderOf('shop')).toThrow(/denies/);
});

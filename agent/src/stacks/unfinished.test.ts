import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { silentLog } from '../log.ts';
import { UnfinishedDeployments, type Unfinished } from './unfinished.ts';

const one: Unfinished = {
  job: 'job_1',
  name: 'shop',
  at: 1_700_000_000_000,
  folder: '/srv/stacks/shop',
  json: '{}',
  previous: 3,
  ran: true,
  privileged: false,
  laid: true,
  lain: [{ path: 'conf/a', before: 0o644, comes: true }],
  hashes: new Map([['web', 'abc']]),
  files: { before: { compose: 'a', env: '' }, written: { compose: 'b', env: 'X=1' } },
  scaled: null,
};

test('what is noted of a deployment is read again, until it is forgotten', async () => {
  await using dir = await tempDir('sk-unfinished-');
  const notes = new UnfinishedDeployments(dir.file('notes'), silentLog);
  await writeFile(dir.file('other.json'), '');
  notes.note(one);
  notes.note({ ...one, name: 'new', previous: null, files: null, lain: null });
  expect(notes.all()).toEqual([{ ...one, name: 'new', previous: null, files: null, lain: null }, one]);
  notes.forget('new');
  notes.forget('../other');
  expect(notes.all()).toEqual([one]);
  expect(await readdir(dir.path)).toContain('other.json');
});

test('what was set aside lives as long as its note', async () => {
  await using dir = await tempDir('sk-unfinished-');
  const notes = new UnfinishedDeployments(dir.path, silentLog);
  notes.note(one);
  for (const name of ['shop', 'other']) await mkdir(notes.asideOf(name));
  const next = new UnfinishedDeployments(dir.path, silentLog);
  expect((await readdir(dir.path)).toSorted()).toEqual(['shop.files', 'shop.json']);
  next.forget('shop');
  expect(await readdir(dir.path)).toEqual([]);
});

test('a note that cannot be read or removed is told of, and fails nothing', async () => {
  await using dir = await tempDir('sk-unfinished-');
  const error = vi.fn<() => void>();
  const notes = new UnfinishedDeployments(dir.path, { ...silentLog, error });
  await mkdir(dir.file('shop.json'));
  expect(notes.all()).toEqual([]);
  notes.forget('shop');
  expect(error).toHaveBeenCalledTimes(2);
});

test('what a note of before does not say keeps it from being undone', async () => {
  await using dir = await tempDir('sk-unfinished-');
  const notes = new UnfinishedDeployments(dir.path, silentLog);
  await writeFile(
    dir.file('shop.json'),
    JSON.stringify({ folder: '/x', json: '{}', previous: 1, ran: true }),
  );
  expect(notes.all()).toMatchObject([
    { job: null, laid: true, lain: null, hashes: new Map(), files: null, scaled: null },
  ]);
});

import { lstat, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startProcess } from '../../testing/processes.ts';
import { tempDir } from '../../testing/tmp.ts';
import { removeUnfinished, writeWhole } from './files.ts';

test('what a killed process left unfinished goes; what a living one writes, and what is none of ours, stays', async () => {
  await using dir = await tempDir('serverkit-files-');
  await using killed = startProcess('sleep', ['60']);
  killed.kill('SIGKILL');
  await killed.exit;
  const left = [`agent.key.${killed.pid}.next`, `agent.key.next.${killed.pid}.next`];
  const kept = [`agent.key.${process.pid}.next`, 'agent.key', 'agent.key.next', `other.${killed.pid}.next`];
  for (const name of [...left, ...kept]) await writeFile(dir.file(name), '');
  removeUnfinished([dir.file('agent.key'), dir.file('agent.key.next')]);
  expect((await readdir(dir.path)).toSorted()).toEqual(kept.toSorted());
});

test('a link that somebody put in the way is replaced, and what it leads to stays as it is', async () => {
  await using dir = await tempDir('serverkit-files-');
  await writeFile(dir.file('elsewhere'), 'theirs');
  await symlink(dir.file('elsewhere'), dir.file(`agent.key.${process.pid}.next`));
  writeWhole(dir.file('agent.key'), 'ours', 0o600);
  expect(await readFile(dir.file('elsewhere'), 'utf8')).toBe('theirs');
  expect(await readFile(dir.file('agent.key'), 'utf8')).toBe('ours');
  expect((await lstat(dir.file('agent.key'))).isFile()).toBe(true);
});

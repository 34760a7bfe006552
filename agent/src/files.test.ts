import { readdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startProcess } from '../../testing/processes.ts';
import { tempDir } from '../../testing/tmp.ts';
import { removeUnfinished } from './files.ts';

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

import { mkdir, symlink } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { exposesOwn } from './own-paths.ts';

test('the key and the state are out of reach, by what is above them too and through links', async () => {
  await using dir = await tempDir();
  await mkdir(dir.file('state/stacks/web'), { recursive: true });
  await symlink(dir.file('state'), dir.file('link'));
  const exposes = exposesOwn({
    keyFile: dir.file('etc/agent.key'),
    stateDir: dir.file('state'),
    stacks: dir.file('state/stacks'),
  });
  const inState = ['state', 'state/uploads', 'state/journal.jsonl', 'link'].map((path) => dir.file(path));
  const all = ['/', dir.path, dir.file('etc'), dir.file('etc/agent.key'), ...inState];
  expect(all.filter((path) => !exposes(path))).toEqual([]);
  const others = ['state/stacks/web/html', 'state/stacks', 'statement', 'etc2', 'never/was'];
  expect(others.map((path) => dir.file(path)).filter(exposes)).toEqual([]);
});

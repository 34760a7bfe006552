import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { runGit } from './git-run.ts';

test('git, and what it starts, is bounded in what it writes and in what it holds', async () => {
  await using dir = await tempDir();
  await writeFile(dir.file('git'), '#!/bin/sh\necho "$@"; ulimit -f; ulimit -v\n', { mode: 0o755 });
  const { stdout } = await runGit({
    args: ['fetch', 'a b'],
    env: { PATH: `${dir.path}:${process.env['PATH'] ?? ''}` },
    cwd: dir.path,
    signal: new AbortController().signal,
  });
  const [args, blocks, memory] = stdout.toString().split('\n');
  expect(args).toBe('fetch a b');
  expect(Number(blocks) * 512).toBe(256 * 1024 * 1024);
  expect(Number(memory) * 1024).toBe(2 * 1024 ** 3);
});

import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { parseConfig } from './config.ts';
import { editConfig } from './edit.ts';

test('changes a key and leaves comments, order and the rest alone', async () => {
  await using dir = await tempDir();
  const file = dir.file('config.yaml');
  await writeFile(
    file,
    '# ours\nlogging:\n  level: debug # while we look\nserver:\n  insecure: true\n  url: http://a\n',
  );
  editConfig(file, {
    'server.url': 'https://b',
    'server.insecure': undefined,
    'security.scopes': ['docker:*'],
  });
  expect(await readFile(file, 'utf8')).toBe(
    '# ours\nlogging:\n  level: debug # while we look\nserver:\n  url: https://b\nsecurity:\n  scopes:\n    - docker:*\n',
  );
});

test.each([
  ['no file', undefined],
  ['an empty file', ''],
  ['only a comment', '# nothing yet\n'],
  ['an empty section', 'security:\n'],
])('begins from %s', async (_name, text) => {
  await using dir = await tempDir();
  const file = dir.file('etc', 'config.yaml');
  if (text !== undefined) {
    await mkdir(dir.file('etc'));
    await writeFile(file, text);
  }
  editConfig(file, { 'security.scopes': 'managed', 'server.url': 'https://a' });
  const config = parseConfig(file, await readFile(file, 'utf8'));
  expect(config.security.scopes).toBe('managed');
  expect(config.server.url).toBe('https://a');
});

test('keeps the mode, and leaves nothing beside the file', async () => {
  await using dir = await tempDir();
  const file = dir.file('config.yaml');
  await writeFile(file, '');
  await chmod(file, 0o640);
  editConfig(file, { 'agent.name': 'x' });
  expect((await stat(file)).mode & 0o777).toBe(0o640);
  expect(await readdir(dir.path)).toEqual(['config.yaml']);
});

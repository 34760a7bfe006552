import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startProcess } from '../../../testing/processes.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { lockDataDirectory } from './data-lock.ts';

const module = fileURLToPath(new URL('./data-lock.ts', import.meta.url));
const holder = (directory: string) =>
  startProcess('node', [
    '--input-type=module',
    '-e',
    `const { lockDataDirectory } = await import(${JSON.stringify(module)});
     lockDataDirectory(${JSON.stringify(directory)});
     console.log('held');
     setInterval(() => {}, 1000);`,
  ]);

describe('lockDataDirectory', () => {
  it('refuses a directory that another process holds, and names that process', async () => {
    await using dir = await tempDir();
    await using other = holder(dir.file('data'));
    await other.match(/held/);
    expect(() => lockDataDirectory(dir.file('data'))).toThrow(
      `in use by another ServerKit (process ${other.pid}); stop it first`,
    );
  });

  it('is free as soon as its holder was killed', async () => {
    await using dir = await tempDir();
    await using other = holder(dir.path);
    await other.match(/held/);
    other.kill('SIGKILL');
    await other.exit;
    using lock = lockDataDirectory(dir.path);
    expect(lock.directory).toBe(dir.path);
  });

  it('knows one directory under two names', async () => {
    await using dir = await tempDir();
    mkdirSync(dir.file('real'));
    symlinkSync(dir.file('real'), dir.file('link'));
    await using other = holder(dir.file('real'));
    await other.match(/held/);
    expect(() => lockDataDirectory(dir.file('link'))).toThrow(/in use by another ServerKit/);
  });

  it('can be taken again after it was given back', async () => {
    await using dir = await tempDir();
    lockDataDirectory(dir.path)[Symbol.dispose]();
    using again = lockDataDirectory(dir.path);
    expect(again.directory).toBe(dir.path);
  });

  it('says in one sentence that a path cannot be a directory', async () => {
    await using dir = await tempDir();
    writeFileSync(dir.file('file'), '');
    expect(() => lockDataDirectory(dir.file('file', 'data'))).toThrow(
      /^The data directory .* cannot be written \(ENOTDIR\)\.$/,
    );
  });

  it('says in one sentence that a directory cannot be made', () => {
    expect(() => lockDataDirectory('/sys/serverkit')).toThrow(
      /^The data directory \/sys\/serverkit cannot be written \(EPERM\)\.$/,
    );
  });
});

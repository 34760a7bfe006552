import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/tmp.ts';
import { AlreadyRunning, lockInstance } from './instance-lock.ts';

test('one at a time', async () => {
  await using dir = await tempDir();
  const release = lockInstance(dir.path);
  expect(() => lockInstance(dir.path)).toThrow(AlreadyRunning);
  release();
  lockInstance(dir.path)();
});

test('one that was killed does not stand in the way', async () => {
  await using dir = await tempDir();
  const lock = new URL('./instance-lock.ts', import.meta.url).href;
  const code = `import { lockInstance } from '${lock}'; lockInstance('${dir.path}'); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  expect(() => lockInstance(dir.path)).toThrow(`Another agent (process ${holder.pid}) runs`);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  lockInstance(dir.path)();
  expect(await readdir(dir.path)).toEqual([]);
});

test('a process number that was given out again is somebody else', async () => {
  await using dir = await tempDir();
  await writeFile(dir.file('agent.pid'), `${process.pid} 12\n`);
  const release = lockInstance(dir.path);
  expect(await readFile(dir.file('agent.pid'), 'utf8')).not.toBe(`${process.pid} 12\n`);
  release();
});

test('a torn claim does not stand in the way', async () => {
  await using dir = await tempDir();
  await writeFile(dir.file('agent.pid'), '');
  const release = lockInstance(dir.path);
  expect(await readFile(dir.file('agent.pid'), 'utf8')).toMatch(`${process.pid} `);
  release();
});

test('gives back its own claim only', async () => {
  await using dir = await tempDir();
  const release = lockInstance(dir.path);
  await writeFile(dir.file('agent.pid'), '1 2\n');
  release();
  expect(await readFile(dir.file('agent.pid'), 'utf8')).toBe('1 2\n');
});

import { mkdir, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { nextEvent } from '../../testing/events.ts';
import { tempDir } from '../../testing/tmp.ts';
import { askAgent, openControlSocket } from './control-socket.ts';

test('answers what it is asked', async () => {
  await using dir = await tempDir();
  const control = await openControlSocket(dir.path, (request) => ({ asked: request }));
  expect(await askAgent(dir.path, 'status')).toEqual({ asked: 'status' });
  expect(await askAgent(dir.path, 'ring')).toEqual({ asked: 'ring' });
  control.close();
  expect(await askAgent(dir.path, 'status')).toBeUndefined();
});

test('is open to its own account alone', async () => {
  await using dir = await tempDir();
  const control = await openControlSocket(dir.path, () => null);
  expect((await stat(dir.file('control.sock'))).mode & 0o777).toBe(0o600);
  control.close();
});

test('works however deep its folder lies', async () => {
  await using dir = await tempDir();
  const deep = dir.file(...Array.from({ length: 8 }, () => 'a-name-of-twenty-four-xx'));
  await mkdir(deep, { recursive: true });
  const control = await openControlSocket(deep, () => 'deep');
  expect(await askAgent(deep, 'status')).toBe('deep');
  control.close();
});

test('takes the place of what a killed agent left', async () => {
  await using dir = await tempDir();
  await writeFile(dir.file('control.sock'), '');
  const control = await openControlSocket(dir.path, () => 'new');
  expect(await askAgent(dir.path, 'status')).toBe('new');
  control.close();
});

test('a failure is told, and survived', async () => {
  await using dir = await tempDir();
  const control = await openControlSocket(dir.path, () => {
    throw new Error('bad file');
  });
  await expect(askAgent(dir.path, 'reload')).rejects.toThrow(/bad file/);
  await expect(askAgent(dir.path, 'reload')).rejects.toThrow(/bad file/);
  control.close();
});

test('a large answer arrives whole', async () => {
  await using dir = await tempDir();
  const large = Array.from({ length: 20_000 }, (_, n) => `sample ${n} ${'x'.repeat(50)}`);
  const control = await openControlSocket(dir.path, () => large);
  expect(await askAgent(dir.path, 'ring')).toEqual(large);
  control.close();
});

test('noise is hung up on', async () => {
  await using dir = await tempDir();
  const control = await openControlSocket(dir.path, () => 'fine');
  const noisy = connect(dir.file('control.sock'));
  noisy.on('error', () => undefined);
  noisy.write('x'.repeat(5000));
  // Not with `once` of Node, which takes a reset for a failure.
  await nextEvent(noisy.resume(), 'close');
  expect(await askAgent(dir.path, 'status')).toBe('fine');
  control.close();
});

import { expect, test } from 'vitest';
import { tempDir, type TempDir } from '../../testing/tmp.ts';
import { askAgent } from './control-socket.ts';
import { pretendRegistered, startParented } from './testing.ts';

const message = (dir: TempDir) => ({
  server: `unix:${dir.file('nobody.sock')}`,
  stateDir: dir.path,
  scopes: ['docker:containers:read'],
  deniedPaths: [dir.file('data')],
  logLevel: 'info',
});

test('ends when its parent does, however that ends', async () => {
  await using dir = await tempDir();
  pretendRegistered(dir.path, dir.file('agent.key'));
  await using agent = startParented();
  agent.tell(message(dir));
  await agent.match(/link lost/);
  agent.hangUp();
  expect(await agent.exit).toBe(0);
});

test('ends when its parent is gone before it said a word', async () => {
  await using agent = startParented();
  agent.hangUp();
  expect(await agent.exit).toBe(2);
});

test('takes ceiling and denied paths from its parent, and a changed ceiling later', async () => {
  await using dir = await tempDir();
  pretendRegistered(dir.path, dir.file('agent.key'));
  await using agent = startParented();
  agent.tell(message(dir));
  await agent.match(/link lost/);
  expect(await askAgent(dir.path, 'status')).toMatchObject({
    supervisor: 'parent',
    policy: { scopes: ['docker:containers:read'], deniedPaths: [dir.file('data'), dir.path] },
  });
  agent.tell({ ...message(dir), scopes: ['docker:*'] });
  await agent.match(/the configuration was read again/);
  expect(await askAgent(dir.path, 'status')).toMatchObject({ policy: { scopes: ['docker:*'] } });
});

test('goes on trying to register while nobody is there yet, until its parent ends', async () => {
  await using dir = await tempDir();
  await using agent = startParented();
  agent.tell({ ...message(dir), token: `sk_reg_${'a'.repeat(16)}_${'A'.repeat(43)}` });
  const said = await agent.match(/(cannot reach[^]*){2}/);
  expect(said).not.toContain('AAAA');
  agent.hangUp();
  expect(await agent.exit).toBe(0);
});

test('without a token and without an identity there is nothing to do', async () => {
  await using dir = await tempDir();
  await using agent = startParented();
  agent.tell(message(dir));
  expect(await agent.exit).toBe(1);
});

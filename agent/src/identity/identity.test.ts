import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { RegistrationAnswer } from '@serverkit/wire/handshake.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { identityOf, keepIdentity, readIdentity, recoverIdentity } from './identity.ts';
import { adoptKey, dropPendingKey, keyForToken, readKey } from './key-file.ts';

const answer: RegistrationAnswer = {
  v: 1,
  agentId: 'agt_1',
  serverId: 'srv_1',
  name: 'web',
  keys: [{ id: 'k', use: 'current', publicKey: 'p' }],
  scopes: ['docker:*'],
};

test('the same token is tried with the same key, so that a lost answer can be asked for again', async () => {
  await using dir = await tempDir();
  const file = dir.file('agent.key');
  const { key } = keyForToken(file, 'token1');
  expect(keyForToken(file, 'token1').key.id).toBe(key.id);
  adoptKey(file, 'token1');
  expect(keyForToken(file, 'token1').key.id).toBe(key.id);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('another token gets another key, and the one in use stays until the registration succeeded', async () => {
  await using dir = await tempDir();
  const file = dir.file('agent.key');
  const first = keyForToken(file, 'token1').key;
  adoptKey(file, 'token1');
  const second = keyForToken(file, 'token2').key;
  expect(second.id).not.toBe(first.id);
  expect(readKey(file)?.key.id).toBe(first.id);
  dropPendingKey(file);
  expect(keyForToken(file, 'token2').key.id).not.toBe(second.id);
});

test('a key that others can read is refused', async () => {
  await using dir = await tempDir();
  const file = dir.file('agent.key');
  keyForToken(file, 'token1');
  adoptKey(file, 'token1');
  await chmod(file, 0o640);
  expect(() => readKey(file)).toThrow(/can be read by others \(mode 640\).*chmod 600/);
});

test('what is not a key is refused', async () => {
  await using dir = await tempDir();
  await writeFile(dir.file('agent.key'), 'serverkit-agent-key-v1\nshort\nx\n', { mode: 0o600 });
  expect(() => readKey(dir.file('agent.key'))).toThrow(/is not the key of an agent/);
});

test('identity and key are kept together and found again', async () => {
  await using dir = await tempDir();
  const file = dir.file('agent.key');
  const { key } = keyForToken(file, 'token1');
  keepIdentity(dir.path, identityOf(answer, key.id), () => adoptKey(file, 'token1'));
  expect(recoverIdentity(dir.path, file)).toMatchObject({
    identity: { agentId: 'agt_1', serverId: 'srv_1', name: 'web', controlKeys: answer.keys, keyId: key.id },
    kept: { tokenId: 'token1' },
  });
});

test('a crash between the two files leaves an agent that still knows who it is', async () => {
  await using dir = await tempDir();
  const file = dir.file('agent.key');
  const first = keyForToken(file, 'token1');
  keepIdentity(dir.path, identityOf(answer, first.key.id), () => adoptKey(file, 'token1'));

  const second = keyForToken(file, 'token2');
  const crash = new Error('power cut');
  const next = identityOf({ ...answer, agentId: 'agt_2' }, second.key.id);
  // Before the key was adopted: still the old one.
  expect(() =>
    keepIdentity(dir.path, next, () => {
      throw crash;
    }),
  ).toThrow(crash);
  expect(recoverIdentity(dir.path, file)?.identity.agentId).toBe('agt_1');
  // After: the new one.
  expect(() =>
    keepIdentity(dir.path, next, () => {
      adoptKey(file, 'token2');
      throw crash;
    }),
  ).toThrow(crash);
  expect(recoverIdentity(dir.path, file)?.identity.agentId).toBe('agt_2');
  expect(readIdentity(dir.path)?.agentId).toBe('agt_2');
});

test('a host that was never registered has no identity; a damaged one says so', async () => {
  await using dir = await tempDir();
  const file = dir.file('agent.key');
  expect(recoverIdentity(dir.path, file)).toBeUndefined();
  const { key } = keyForToken(file, 'token1');
  keepIdentity(dir.path, identityOf(answer, key.id), () => adoptKey(file, 'token1'));
  await rename(file, dir.file('elsewhere'));
  expect(() => recoverIdentity(dir.path, file)).toThrow(/is gone; register this server again/);
  keyForToken(file, 'token9');
  adoptKey(file, 'token9');
  expect(() => recoverIdentity(dir.path, file)).toThrow(/is not the key of/);
  await writeFile(
    dir.file('identity.json'),
    (await readFile(dir.file('identity.json'), 'utf8')).slice(0, 40),
  );
  expect(() => readIdentity(dir.path)).toThrow(/is damaged/);
});

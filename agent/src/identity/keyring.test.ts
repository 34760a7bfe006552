import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { approveSuccession, verifySuccession, type Approval } from '@serverkit/wire/agent-keys.ts';
import { generateSigningKey, toBase64Url } from '@serverkit/wire/bytes.ts';
import { pinsOf } from '@serverkit/wire/control-keys.ts';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { AgentError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { identityOf, keepIdentity, readIdentity } from './identity.ts';
import { adoptKey, keyForToken, readKey, readNextKey } from './key-file.ts';
import { openKeyring, type Keyring, type KeyringStep, type KeySession } from './keyring.ts';

const control = generateSigningKey();
const other = generateSigningKey();
const keyOf = (key: typeof control): string => toBase64Url(key.publicRaw);

interface Host extends AsyncDisposable {
  readonly dir: TempDir;
  readonly keyFile: string;
  open(onStep?: (step: KeyringStep) => void): Keyring;
}

async function host(): Promise<Host> {
  const dir = await tempDir();
  const keyFile = dir.file('agent.key');
  const { key } = keyForToken(keyFile, 'token');
  const keys = pinsOf({ current: keyOf(control), next: keyOf(other), recovery: keyOf(other) });
  const answer = { v: 1, agentId: 'agt_1', serverId: 'srv_1', name: 'web', keys, scopes: [] } as const;
  keepIdentity(dir.path, identityOf(answer, key.id), () => adoptKey(keyFile, 'token'));
  return {
    dir,
    keyFile,
    open(onStep) {
      const ring = openKeyring({
        stateDir: dir.path,
        keyFile,
        log: silentLog,
        ...(onStep ? { onStep } : {}),
      });
      if (!ring) throw new Error('not registered');
      return ring;
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

const session = (agentKeyId: string): KeySession => ({ agentKeyId, controlKey: control.publicRaw });
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof AgentError ? error.code : String(error);
  }
};

/** Begins a rotation and gives what its end takes. */
function begin(ring: Keyring, rotationId = 'rot_1'): { oldId: string; newId: string; approval: Approval } {
  const oldId = ring.identity.keyId;
  const step = ring.rotate(rotationId, session(oldId));
  const { agentId, serverId } = ring.identity;
  expect(verifySuccession({ agentId, serverId }, step)).not.toBeNull();
  return {
    oldId,
    newId: ring.offer().key.id,
    approval: approveSuccession(control, { agentId, serverId }, step),
  };
}

test('a rotation lays the next key beside the one in use, for its owner alone, and calls with it first', async () => {
  await using own = await host();
  const ring = own.open();
  const { oldId, newId } = begin(ring);
  expect(newId).not.toBe(oldId);
  expect(readKey(own.keyFile)?.key.id).toBe(oldId);
  expect(readNextKey(own.keyFile)).toMatchObject({ rotationId: 'rot_1', tokenId: 'token' });
  expect(statSync(`${own.keyFile}.next`).mode & 0o777).toBe(0o600);
  expect(ring.report()).toEqual({ keyRotation: 'rot_1' });
  // Also after a restart, and with the same key when it is asked for again.
  expect(begin(own.open()).newId).toBe(newId);
});

test('a key that is not known is followed by the others, in turn', async () => {
  await using own = await host();
  const ring = own.open();
  const { oldId, newId } = begin(ring);
  const offered = (): string => ring.offer().key.id;
  expect(offered()).toBe(newId);
  expect(ring.refused()).toBe(true);
  expect(offered()).toBe(oldId);
  expect(ring.refused()).toBe(false);
  expect(offered()).toBe(newId);
  ring.refused();
  ring.proven();
  expect(offered()).toBe(newId);
});

test('it ends with the new key alone, and with the step that led to it', async () => {
  await using own = await host();
  const ring = own.open();
  const { newId, approval } = begin(ring);
  ring.adopt('rot_1', approval, session(newId));
  for (const one of [ring, own.open()]) {
    expect(one.identity).toMatchObject({ keyId: newId, chain: [{ rotationId: 'rot_1', approval }] });
    expect(one.rotationId).toBeUndefined();
    expect(one.offer()).toMatchObject({ key: { id: newId } });
    // What it falls back to, should that key be unknown.
    expect([one.refused(), one.offer().chain?.length]).toEqual([true, 1]);
  }
  expect(readKey(own.keyFile)).toMatchObject({ tokenId: 'token' });
  expect(readdirSync(own.dir.path).toSorted()).toEqual(['agent.key', 'identity.json']);
  // A repeated word is no error.
  expect(codeOf(() => ring.adopt('rot_1', approval, session(newId)))).toBeUndefined();
});

test('the old key is not given up on a link made with it, for another rotation, or without an approval', async () => {
  await using own = await host();
  const ring = own.open();
  const { oldId, newId, approval } = begin(ring);
  expect(codeOf(() => ring.adopt('rot_1', approval, session(oldId)))).toBe('CONFLICT');
  expect(codeOf(() => ring.adopt('rot_2', approval, session(newId)))).toBe('NOT_FOUND');
  const { agentId, serverId } = ring.identity;
  const foreign = approveSuccession(other, { agentId, serverId }, ring.rotate('rot_1', session(oldId)));
  expect(codeOf(() => ring.adopt('rot_1', foreign, session(newId)))).toBe('INPUT_INVALID');
  expect(readKey(own.keyFile)?.key.id).toBe(oldId);
});

test('the next key is not given up, nor replaced, on a link made with it', async () => {
  await using own = await host();
  const ring = own.open();
  const { oldId, newId } = begin(ring);
  expect(codeOf(() => ring.drop('rot_1', session(newId)))).toBe('CONFLICT');
  expect(codeOf(() => ring.rotate('rot_2', session(newId)))).toBe('CONFLICT');
  expect(ring.rotationId).toBe('rot_1');
  ring.drop('rot_other', session(oldId));
  expect(ring.rotationId).toBe('rot_1');
  ring.drop('rot_1', session(oldId));
  expect(ring.rotationId).toBeUndefined();
  expect(readNextKey(own.keyFile)).toBeUndefined();
});

test('a new rotation takes the place of one that was never ended', async () => {
  await using own = await host();
  const ring = own.open();
  const first = begin(ring);
  const second = begin(ring, 'rot_2');
  expect(second.newId).not.toBe(first.newId);
  expect(codeOf(() => ring.adopt('rot_1', first.approval, session(first.newId)))).toBe('NOT_FOUND');
  ring.adopt('rot_2', second.approval, session(second.newId));
  expect(ring.identity.chain).toHaveLength(1);
});

test('a damaged next key is no reason not to start', async () => {
  await using own = await host();
  begin(own.open());
  for (const text of ['', 'serverkit-agent-key-v1\nshort\n', 'x'.repeat(100)]) {
    writeFileSync(`${own.keyFile}.next`, text, { mode: 0o600 });
    expect(own.open().rotationId).toBeUndefined();
  }
});

test('an agent whose host was registered anew touches none of its keys any more', async () => {
  await using own = await host();
  const ring = own.open();
  const { key } = keyForToken(own.keyFile, 'token2');
  const answer = { v: 1, agentId: 'agt_2', serverId: 'srv_1', name: 'web', keys: [], scopes: [] } as const;
  keepIdentity(own.dir.path, identityOf(answer, key.id), () => adoptKey(own.keyFile, 'token2'));
  expect(codeOf(() => ring.rotate('rot_1', session(ring.identity.keyId)))).toBe('CONFLICT');
  ring.learn({ generation: 0, serial: 5, keys: pinsOf({ current: keyOf(other), next: '', recovery: '' }) });
  expect(readIdentity(own.dir.path)).toMatchObject({ agentId: 'agt_2', controlKeys: [] });
});

test('a disk that takes nothing leaves everything as it was, and is not told about in detail', async () => {
  await using own = await host();
  const before = readFileSync(own.keyFile, 'utf8');
  const ring = own.open((step) => {
    if (step.startsWith('before')) throw new Error(`ENOSPC: ${own.keyFile}`);
  });
  expect(() => ring.rotate('rot_1', session(ring.identity.keyId))).toThrow(
    expect.objectContaining({ code: 'CONFLICT', message: expect.not.stringContaining(own.keyFile) }),
  );
  expect(ring.rotationId).toBeUndefined();
  expect(readFileSync(own.keyFile, 'utf8')).toBe(before);
});

test('newer keys of the control plane are kept, older ones are not', async () => {
  await using own = await host();
  const ring = own.open();
  const set = (serial: number) => ({
    generation: 0,
    serial,
    keys: pinsOf({ current: keyOf(other), next: keyOf(control), recovery: keyOf(other) }),
  });
  ring.learn(set(10));
  ring.learn(set(9));
  expect(own.open().report()).toEqual({ keySet: { generation: 0, serial: 10 } });
  expect(own.open().offer().controlKeys[0]?.id).toBe(other.id);
  rmSync(own.dir.file('identity.json'));
  expect(openKeyring({ stateDir: own.dir.path, keyFile: own.keyFile, log: silentLog })).toBeUndefined();
});

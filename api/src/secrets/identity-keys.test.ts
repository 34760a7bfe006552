import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  fromBase64Url,
  generateSigningKey,
  keyIdOf,
  seedOf,
  signingKeyFromSeed,
  toBase64Url,
  type SigningKey,
} from '@serverkit/wire/bytes.ts';
import { followKeySets, pinsOf, type PinnedHint, type PinnedKeySet } from '@serverkit/wire/control-keys.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { openIdentityKeys, restoreIdentity, type ControlPlaneKeys } from './identity-keys.ts';

/** What an agent pins that registers now. */
const pinned = ({ set }: ControlPlaneKeys): PinnedKeySet => {
  const { generation, serial } = set;
  return { generation, serial, keys: pinsOf(set) };
};

const hintOf = ({ generation, serial, keys: [current] }: PinnedKeySet): PinnedHint => ({
  generation,
  serial,
  currentId: current?.id ?? '',
});

/** The agent's side of an introduction: what it pins afterwards, and whether it believes the key that signs. */
function meet(keys: ControlPlaneKeys, agent: PinnedKeySet) {
  const { key, keySets } = keys.introductionTo(hintOf(agent));
  const after = followKeySets(agent, keySets);
  return { after, believed: after.keys.some(({ id, use }) => id === key.id && use === 'current') };
}

const recoveryKey = (file: string): SigningKey =>
  signingKeyFromSeed(fromBase64Url(readFileSync(file, 'utf8').trim(), 32) ?? Buffer.alloc(32));

describe('the keys of a control plane', () => {
  it('are made once and found again, for their owner alone', async () => {
    await using dir = await tempDir();
    const made = openIdentityKeys(dir.path);
    const found = openIdentityKeys(dir.path);
    expect(new Set([made.current.id, made.next.id, made.recovery.id]).size).toBe(3);
    for (const use of ['current', 'next', 'recovery'] as const) expect(found[use].id).toBe(made[use].id);
    expect(readdirSync(dir.file('keys')).toSorted()).toEqual(['identity-recovery.key', 'identity.json']);
    for (const name of readdirSync(dir.file('keys'))) {
      expect(statSync(dir.file('keys', name)).mode & 0o777).toBe(0o600);
    }
  });

  it('are never replaced when they are damaged', async () => {
    await using dir = await tempDir();
    openIdentityKeys(dir.path);
    const whole = readFileSync(dir.file('keys', 'identity.json'), 'utf8');
    const { current, next } = openIdentityKeys(dir.path);
    const swapped = whole.replace(toBase64Url(seedOf(current)), toBase64Url(seedOf(next)));
    for (const text of ['', '{}', whole.slice(0, 100), swapped]) {
      writeFileSync(dir.file('keys', 'identity.json'), text);
      expect(() => openIdentityKeys(dir.path)).toThrow(/identity\.json is damaged; restore it from a backup/);
      expect(readFileSync(dir.file('keys', 'identity.json'), 'utf8')).toBe(text);
    }
  });

  it('are taken over from the three files that they were in before', async () => {
    await using dir = await tempDir();
    openIdentityKeys(dir.path);
    rmSync(dir.file('keys', 'identity.json'));
    const before = { current: generateSigningKey(), next: generateSigningKey() };
    for (const [use, key] of Object.entries(before)) {
      writeFileSync(dir.file('keys', `identity-${use}.key`), `${toBase64Url(seedOf(key))}\n`, {
        mode: 0o600,
      });
    }
    const keys = openIdentityKeys(dir.path);
    expect([keys.current.id, keys.next.id]).toEqual([before.current.id, before.next.id]);
    expect(readdirSync(dir.file('keys')).toSorted()).toEqual(['identity-recovery.key', 'identity.json']);
    // An agent of that time pinned the three and no version.
    const agent = { generation: 0, serial: 0, keys: pinsOf(keys.set) };
    expect(meet(keys, agent)).toMatchObject({ believed: true, after: { serial: keys.set.serial } });
  });

  it('move on: the next one is now the current one, and is kept so', async () => {
    await using dir = await tempDir();
    const keys = openIdentityKeys(dir.path);
    const { current, next, recovery } = { current: keys.current, next: keys.next, recovery: keys.recovery };
    keys.rotate();
    expect(keys.current.id).toBe(next.id);
    expect(keys.recovery).toEqual(recovery);
    expect([current.id, next.id]).not.toContain(keys.next.id);
    expect(openIdentityKeys(dir.path).set).toEqual(keys.set);
    expect(readFileSync(dir.file('keys', 'identity.json'), 'utf8')).not.toContain(
      toBase64Url(seedOf(current)),
    );
  });
});

describe('an agent that pinned a set', () => {
  it.each([0, 1, 2, 5])('follows after %i changes that it was away for', async (changes) => {
    await using dir = await tempDir();
    const keys = openIdentityKeys(dir.path);
    const agent = pinned(keys);
    for (let n = 0; n < changes; n += 1) keys.rotate();
    const { believed, after } = meet(keys, agent);
    expect(believed).toBe(true);
    expect(after).toEqual(pinned(keys));
    expect(keys.introductionTo(hintOf(after)).keySets).toEqual([]);
  });

  it('is met with the next key by a control plane that was put back to before a change', async () => {
    await using dir = await tempDir();
    const keys = openIdentityKeys(dir.path);
    const backup = readFileSync(dir.file('keys', 'identity.json'));
    keys.rotate();
    const agent = pinned(keys);
    writeFileSync(dir.file('keys', 'identity.json'), backup);
    const restored = openIdentityKeys(dir.path);
    expect(meet(restored, agent)).toEqual({ believed: true, after: agent });
    // From the next change on all is as it was; versions are times.
    while (Date.now() <= agent.serial) await new Promise(setImmediate);
    restored.rotate();
    expect(meet(restored, agent)).toEqual({ believed: true, after: pinned(restored) });
  });

  it('follows the recovery key past whatever a thief of the others has told it', async () => {
    await using dir = await tempDir();
    const keys = openIdentityKeys(dir.path);
    await using stolen = await tempDir();
    openIdentityKeys(stolen.path);
    writeFileSync(stolen.file('keys', 'identity.json'), readFileSync(dir.file('keys', 'identity.json')));
    const thief = openIdentityKeys(stolen.path);
    const agent = pinned(keys);
    thief.rotate();
    thief.rotate();
    const fooled = meet(thief, agent).after;
    expect(fooled).toEqual(pinned(thief));

    const paper = recoveryKey(dir.file('keys', 'identity-recovery.key'));
    rmSync(dir.file('keys', 'identity-recovery.key'));
    restoreIdentity(dir.path, paper);
    const mended = openIdentityKeys(dir.path);
    for (const one of [agent, fooled]) {
      expect(meet(mended, one)).toEqual({ believed: true, after: pinned(mended) });
    }
    const { after } = meet(mended, fooled);
    thief.rotate();
    expect(meet(thief, after)).toEqual({ believed: false, after });
    expect(mended.recovery.id).not.toBe(keyIdOf(paper.publicRaw));
    expect(mended.recoveryIsHere()).toBe(true);
  });

  it('can be won back with the recovery key alone when everything else is lost', async () => {
    await using dir = await tempDir();
    const agent = pinned(openIdentityKeys(dir.path));
    const paper = recoveryKey(dir.file('keys', 'identity-recovery.key'));
    rmSync(dir.file('keys'), { recursive: true });
    restoreIdentity(dir.path, paper);
    expect(meet(openIdentityKeys(dir.path), agent).believed).toBe(true);
  });
});

describe('the recovery key', () => {
  it('must be the one that agents know', async () => {
    await using dir = await tempDir();
    const { set } = openIdentityKeys(dir.path);
    expect(() => restoreIdentity(dir.path, generateSigningKey())).toThrow(/not the recovery key/);
    expect(openIdentityKeys(dir.path).set).toEqual(set);
  });

  it('need not be there', async () => {
    await using dir = await tempDir();
    const keys = openIdentityKeys(dir.path);
    rmSync(dir.file('keys', 'identity-recovery.key'));
    const { id } = keys.recovery;
    keys.rotate();
    const again = openIdentityKeys(dir.path);
    expect([again.recovery.id, again.recoveryIsHere()]).toEqual([id, false]);
    expect(existsSync(dir.file('keys', 'identity-recovery.key'))).toBe(false);
  });
});

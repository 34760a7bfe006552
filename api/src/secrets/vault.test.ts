import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { openVault, VaultError, vaultWith } from './vault.ts';

describe('vault', () => {
  const vault = vaultWith(randomBytes(32));
  const secret = Buffer.from('the key of a registration');

  it('opens what it sealed', () => {
    expect(vault.open(vault.seal(secret, 'registration:1'), 'registration:1')).toEqual(secret);
    expect(vault.open(vault.seal(Buffer.alloc(0), 'empty'), 'empty')).toHaveLength(0);
  });

  it('never seals the same bytes alike', () => {
    expect(vault.seal(secret, 'a')).not.toEqual(vault.seal(secret, 'a'));
  });

  it('does not open a value that was moved to another place', () => {
    const sealed = vault.seal(secret, 'registration:1');
    expect(() => vault.open(sealed, 'registration:2')).toThrow(VaultError);
  });

  it('does not open a value of which any byte was changed or cut', () => {
    const sealed = vault.seal(secret, 'a');
    for (let index = 0; index < sealed.length; index++) {
      const altered = Buffer.from(sealed);
      altered[index] = (altered[index] ?? 0) ^ 1;
      expect(() => vault.open(altered, 'a')).toThrow(VaultError);
      expect(() => vault.open(sealed.subarray(0, index), 'a')).toThrow(VaultError);
    }
  });

  it('does not open a value of another installation', () => {
    expect(() => vaultWith(randomBytes(32)).open(vault.seal(secret, 'a'), 'a')).toThrow(VaultError);
  });

  it('derives a different key for each purpose', () => {
    expect(vault.derive('audit')).toHaveLength(32);
    expect(vault.derive('audit')).toEqual(vault.derive('audit'));
    expect(vault.derive('audit')).not.toEqual(vault.derive('sessions'));
  });
});

describe('openVault', () => {
  it('keeps its key, readable by its owner alone', async () => {
    await using dir = await tempDir();
    const sealed = openVault(dir.path).seal(Buffer.from('x'), 'c');
    expect(openVault(dir.path).open(sealed, 'c').toString()).toBe('x');
    expect(statSync(dir.file('keys', 'master.key')).mode & 0o777).toBe(0o600);
    expect(statSync(dir.file('keys')).mode & 0o777).toBe(0o700);
  });

  it('refuses a damaged key file in one sentence and leaves it as it is', async () => {
    await using dir = await tempDir();
    openVault(dir.path);
    writeFileSync(dir.file('keys', 'master.key'), 'short');
    expect(() => openVault(dir.path)).toThrow(
      /^The key file .*master\.key is damaged; restore it from a backup\.$/,
    );
    expect(readFileSync(dir.file('keys', 'master.key'), 'utf8')).toBe('short');
  });
});

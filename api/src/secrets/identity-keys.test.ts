import { statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { openIdentityKeys } from './identity-keys.ts';

describe('openIdentityKeys', () => {
  it('makes three keys once and finds them again', async () => {
    await using dir = await tempDir();
    const made = openIdentityKeys(dir.path);
    const found = openIdentityKeys(dir.path);
    expect(new Set([made.current.id, made.next.id, made.recovery.id]).size).toBe(3);
    for (const role of ['current', 'next', 'recovery'] as const) {
      expect(found[role].publicRaw).toEqual(made[role].publicRaw);
      expect(statSync(dir.file('keys', `identity-${role}.key`)).mode & 0o777).toBe(0o600);
    }
  });

  it('never replaces a damaged key', async () => {
    await using dir = await tempDir();
    openIdentityKeys(dir.path);
    writeFileSync(dir.file('keys', 'identity-current.key'), '');
    expect(() => openIdentityKeys(dir.path)).toThrow(/identity-current\.key is damaged/);
  });
});

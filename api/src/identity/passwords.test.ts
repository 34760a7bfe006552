import { describe, expect, test } from 'vitest';
import { createPasswords } from './passwords.ts';

describe('passwords', () => {
  const passwords = createPasswords();

  test('are kept as argon2id with the parameters OWASP recommends, and verified', async () => {
    const stored = await passwords.hash('correct horse');
    expect(stored).toMatch(/^\$argon2id\$v=19\$/);
    expect(stored.split('$')[3]?.split(',').toSorted()).toEqual(['m=19456', 'p=1', 't=2']);
    expect(await passwords.verify(stored, 'correct horse')).toBe(true);
    expect(await passwords.verify(stored, 'correct horsf')).toBe(false);
    expect(passwords.outdated(stored)).toBe(false);
  });

  test('with weaker parameters are outdated', () => {
    expect(passwords.outdated('$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA')).toBe(true);
  });

  test('of nobody match nothing, not even an empty guess', async () => {
    expect(await passwords.verify(undefined, '')).toBe(false);
  });

  test('are hashed a few at a time, and a flood is turned away instead of queued for ever', async () => {
    const guesses = await Promise.allSettled(
      Array.from({ length: 60 }, () => passwords.verify(undefined, 'x')),
    );
    const refused = guesses.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(60 - 52);
    expect(refused[0]).toMatchObject({ reason: { code: 'RATE_LIMITED' } });
    expect(await passwords.verify(undefined, 'x')).toBe(false);
  });
});

import { expect, test } from 'vitest';
import { noRights } from './access/rights.ts';
import { holderOf } from './context.ts';

const user = { id: 'usr_1', email: 'ann@example.com', name: 'Ann', role: 'admin' } as const;

test('what a program takes is not taken from its owner, and sessions of one person share', () => {
  const token = { id: 'tok_1', name: 'nightly', expiresAt: null };
  expect(holderOf({ kind: 'token', user, token, rights: noRights })).toBe('tok_1');
  const freshAt = new Date();
  for (const sessionId of ['ses_1', 'ses_2'])
    expect(holderOf({ kind: 'user', user, sessionId, freshAt, rights: noRights })).toBe('usr_1');
});

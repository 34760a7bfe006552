import { expect, test } from 'vitest';
import { levelOf, levels } from './levels.ts';

test('a grant is named by the choice it was made with', () => {
  for (const [name, scopes] of Object.entries(levels)) expect(levelOf(scopes)).toBe(name);
  expect(levelOf(['servers:read', '*'])).toBe('role');
});

test('scopes chosen one by one have no name', () => {
  expect(levelOf(['servers:read', 'files:read'])).toBeNull();
});

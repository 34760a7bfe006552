import { dangerousScopes, expand, type Scope } from '@serverkit/wire/scopes.ts';

/** What amounts to root on a server, and what hands out rights: no pattern gives a token these, not even `*`. */
export const namedScopes: ReadonlySet<Scope> = new Set<Scope>([
  ...dangerousScopes,
  'servers:register',
  'settings:write',
  'users:write',
]);

/** The plain scopes that a token's patterns stand for. */
export function tokenScopes(patterns: readonly string[]): Scope[] {
  return expand(patterns).filter((scope) => !namedScopes.has(scope) || patterns.includes(scope));
}

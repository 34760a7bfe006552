import type { Scope } from '@serverkit/wire/scopes.ts';
import type { Rights } from './rights.ts';

/**
 * For fields that answer with what is on several servers: whether a scope is held on one. Undefined when it is held on
 * all of them, so that those who see everything pay for no filter.
 */
export type Sees = ((serverId: string) => boolean) | undefined;

export function seesWith(rights: Rights, scope: Scope): Sees {
  if (rights.everywhere.has(scope)) return undefined;
  return (serverId) => rights.on(serverId).has(scope);
}

/** Those of the rows that are on a server that is seen. */
export function seenOf<Row>(
  rows: readonly Row[],
  sees: Sees,
  serverOf: (row: Row) => string,
): readonly Row[] {
  return sees ? rows.filter((row) => sees(serverOf(row))) : rows;
}

/** The same as a condition on a column of the database. */
export function serversWhere(rights: Rights, scope: Scope): { readonly in: string[] } | undefined {
  const servers = rights.serversWith(scope);
  return servers ? { in: [...servers] } : undefined;
}

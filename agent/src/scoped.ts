import type { AgentScope } from '@serverkit/wire/scopes.ts';

/** `link`: a valid envelope is enough. */
export type FieldScope = AgentScope | 'link';

/**
 * Marks a root field with the scope it takes to run it: `t.field({ ...scoped('docker:containers:read'), … })`.
 * The executor refuses root fields without the mark; fields below inherit from their root.
 */
export function scoped(scope: FieldScope): { readonly extensions: { readonly scope: FieldScope } } {
  return { extensions: { scope } };
}

/**
 * As {@link scoped}, for changes that are small, many and of no use to ask after: what is typed into a terminal. They are
 * neither journaled nor put on this host's record one by one; what opened and closed the way for them is.
 */
export function passing(scope: FieldScope): {
  readonly extensions: { readonly scope: FieldScope; readonly passing: true };
} {
  return { extensions: { scope, passing: true } };
}

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

import { agentScopes, controlScopes, type Scope } from '@serverkit/wire/scopes.ts';

/** Plain scopes. Never changed once made, so that equal ones may be the same object. */
export type ScopeSet = ReadonlySet<Scope>;

export const noScopes: ScopeSet = new Set();

/** One bit for each scope of the vocabulary. */
const bits = new Map([...agentScopes, ...controlScopes].map((scope, index) => [scope, 1n << BigInt(index)]));

/** The same text for sets with the same scopes. Good for as long as the process lives, no longer. */
export function textOf(scopes: ScopeSet): string {
  let mask = 0n;
  for (const scope of scopes) mask |= bits.get(scope) ?? 0n;
  return mask.toString(36);
}

/** What one of them holds at least. */
export function joined(a: ScopeSet, b: ScopeSet): ScopeSet {
  return new Set([...a, ...b]);
}

const overlaps = new WeakMap<ScopeSet, WeakMap<ScopeSet, ScopeSet>>();

/** What both hold. Worked out once for each pair. */
export function overlap(a: ScopeSet, b: ScopeSet): ScopeSet {
  if (a === b) return a;
  const known = overlaps.get(a)?.get(b);
  if (known) return known;
  const common: ScopeSet = new Set([...a].filter((scope) => b.has(scope)));
  const result = common.size === a.size ? a : common.size === b.size ? b : common;
  const ofA = overlaps.get(a);
  if (ofA) ofA.set(b, result);
  else overlaps.set(a, new WeakMap([[b, result]]));
  return result;
}

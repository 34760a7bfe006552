export interface ScopeInfo {
  readonly name: string;
  readonly dangerous: boolean;
  /** Not to be given by the one who chooses. */
  readonly blocked?: boolean;
}

/** Whether a list of patterns grants a scope. `docker:*` leaves out what is dangerous; only `*` or its name grants that. */
export function grantsScope(patterns: readonly string[], { name, dangerous }: ScopeInfo): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' ||
      pattern === name ||
      (pattern.endsWith(':*') && !dangerous && name.startsWith(pattern.slice(0, -1))),
  );
}

/** Scopes by their first word, in the order they come. */
export function groupScopes(
  scopes: readonly ScopeInfo[],
): readonly (readonly [string, readonly ScopeInfo[]])[] {
  const groups = new Map<string, ScopeInfo[]>();
  for (const scope of scopes) {
    const [group = ''] = scope.name.split(':');
    const list = groups.get(group);
    if (list) list.push(scope);
    else groups.set(group, [scope]);
  }
  return [...groups];
}

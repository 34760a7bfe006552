/**
 * Scopes name what may be done. One vocabulary serves users, tokens, servers and agents, so that a right
 * means the same thing wherever it is checked: at the API, and again on the managed server.
 */

/** Scopes an agent checks before it runs a field. What they grant happens on the managed server. */
export const agentScopes = [
  'docker:containers:read',
  'docker:containers:write',
  'docker:containers:exec',
  'docker:containers:privileged',
  'docker:images:read',
  'docker:images:write',
  'docker:compose:read',
  'docker:compose:write',
  'docker:volumes:read',
  'docker:volumes:write',
  'docker:networks:read',
  'docker:networks:write',
  'system:metrics:read',
  'system:processes:read',
  'system:processes:kill',
  'system:services:read',
  'system:services:write',
  'system:logs:read',
  'system:exec',
  'system:terminal',
  'system:provision',
  'files:read',
  'files:write',
  'backups:read',
  'backups:write',
  'backups:restore',
  'agent:restart',
  'agent:update',
] as const;

/** Scopes that only the control plane checks: they guard its own records, never a managed server. */
export const controlScopes = [
  'servers:read',
  'servers:write',
  'servers:register',
  'users:read',
  'users:write',
  'audit:read',
  'settings:write',
  'secrets:use',
  'secrets:write',
] as const;

/** Control scopes that are held on a server, and so can be held on some servers and not on others. */
const serverControlScopes = [
  'servers:read',
  'servers:write',
  'audit:read',
  'secrets:use',
] as const satisfies readonly (typeof controlScopes)[number][];

export type AgentScope = (typeof agentScopes)[number];
export type ControlScope = (typeof controlScopes)[number];
export type Scope = AgentScope | ControlScope;
/** What a grant on a server or a group of servers can give. The other scopes are for the whole fleet or not at all. */
export type ServerScope = AgentScope | (typeof serverControlScopes)[number];

/** A scope, or a pattern that stands for several: `docker:*`, `docker:containers:*`, `*`. */
export type ScopePattern = Scope | '*' | `${string}:*`;

/**
 * Scopes that amount to root on the managed server, or destroy data. Only `*` or their own name grants
 * them; `docker:*` does not.
 */
export const dangerousScopes: ReadonlySet<Scope> = new Set<Scope>([
  'docker:containers:exec',
  'docker:containers:privileged',
  'system:processes:kill',
  'system:services:write',
  'system:exec',
  'system:terminal',
  'system:provision',
  'files:write',
  'backups:restore',
  'agent:update',
]);

const known: ReadonlySet<string> = new Set<string>([...agentScopes, ...controlScopes]);
const agentOwned: ReadonlySet<string> = new Set<string>(agentScopes);

export function isScope(value: string): value is Scope {
  return known.has(value);
}

export function isServerScope(value: string): value is ServerScope {
  return agentOwned.has(value) || serverControlScopes.some((scope) => scope === value);
}

export function isAgentScope(value: string): value is AgentScope {
  return agentOwned.has(value);
}

/** True for a scope, `*`, or a `prefix:*` that stands for at least one scope. */
export function isScopePattern(value: string): value is ScopePattern {
  if (value === '*' || isScope(value)) return true;
  if (!value.endsWith(':*')) return false;
  const prefix = value.slice(0, -1);
  return [...known].some((scope) => scope.startsWith(prefix));
}

function patternGrants(pattern: string, scope: Scope): boolean {
  if (pattern === '*' || pattern === scope) return true;
  return pattern.endsWith(':*') && scope.startsWith(pattern.slice(0, -1)) && !dangerousScopes.has(scope);
}

/** True when any of the patterns grants the scope. */
export function grants(patterns: Iterable<string>, scope: Scope): boolean {
  for (const pattern of patterns) if (patternGrants(pattern, scope)) return true;
  return false;
}

/** The plain scopes that a list of patterns grants, in the order of the vocabulary. */
export function expand(patterns: Iterable<string>): Scope[] {
  const list = [...patterns];
  return [...agentScopes, ...controlScopes].filter((scope) => grants(list, scope));
}

/** The scopes that every one of the lists grants. */
export function intersect(...lists: readonly (readonly string[])[]): Scope[] {
  return [...agentScopes, ...controlScopes].filter((scope) => lists.every((list) => grants(list, scope)));
}

/** Ready-made ceilings for a server, offered when it is added. */
export const permissionProfiles = {
  docker_readonly: [
    'docker:containers:read',
    'docker:images:read',
    'docker:compose:read',
    'docker:volumes:read',
    'docker:networks:read',
    'system:metrics:read',
  ],
  docker_manager: [
    'docker:*',
    'system:metrics:read',
    'system:processes:read',
    'system:logs:read',
    'agent:restart',
  ],
  full_access: ['*'],
} as const satisfies Record<string, readonly ScopePattern[]>;

export type PermissionProfile = keyof typeof permissionProfiles | 'custom';

/**
 * What the agent on the control plane's own machine may do until its owner raises it: look, and start, stop
 * or restart. It sits beside the control plane's keys, and Docker can read any file of its host.
 */
export const localAgentScopes = [
  'docker:containers:read',
  'docker:containers:write',
  'docker:images:read',
  'docker:compose:read',
  'docker:volumes:read',
  'docker:networks:read',
  'system:metrics:read',
  'system:processes:read',
  'agent:restart',
] as const satisfies readonly AgentScope[];

export const roles = ['admin', 'operator', 'viewer'] as const;
export type Role = (typeof roles)[number];

const viewing = [
  'servers:read',
  'docker:containers:read',
  'docker:images:read',
  'docker:compose:read',
  'docker:volumes:read',
  'docker:networks:read',
  'system:metrics:read',
  'system:processes:read',
  'system:services:read',
  'system:logs:read',
  'backups:read',
] as const satisfies readonly Scope[];

/** What each role may do at most; grants and tokens can only narrow it. */
export const roleScopes: Readonly<Record<Role, readonly ScopePattern[]>> = {
  admin: ['*'],
  operator: [
    ...viewing,
    'servers:write',
    'docker:containers:write',
    'docker:images:write',
    'docker:compose:write',
    'docker:volumes:write',
    'docker:networks:write',
    'backups:write',
    'agent:restart',
    'audit:read',
    'secrets:use',
  ],
  viewer: viewing,
};

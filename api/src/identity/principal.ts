import { expand, roles, roleScopes, type Role, type Scope } from '@serverkit/wire/scopes.ts';
import type { UserPrincipal } from '../context.ts';

/** One set for each role, so that principals of a role share it. */
const scopesOfRole = new Map<Role, ReadonlySet<Scope>>(
  roles.map((role) => [role, new Set(expand(roleScopes[role]))]),
);
const none: ReadonlySet<Scope> = new Set();

export function isRole(text: string): text is Role {
  return roles.some((role) => role === text);
}

interface Person {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
}

/** What a person may do through a session. A role we do not know, from a newer release say, grants nothing. */
export function principalOf(person: Person, sessionId: string): UserPrincipal {
  const role = isRole(person.role) ? person.role : undefined;
  return {
    kind: 'user',
    user: { id: person.id, email: person.email, name: person.name, role: role ?? 'viewer' },
    sessionId,
    scopes: (role && scopesOfRole.get(role)) ?? none,
  };
}

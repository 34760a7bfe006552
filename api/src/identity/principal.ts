import { roles, type Role } from '@serverkit/wire/scopes.ts';
import type { Access, Standing } from '../access/service.ts';
import type { UserPrincipal } from '../context.ts';

export function isRole(text: string): text is Role {
  return roles.some((role) => role === text);
}

export interface Person extends Standing {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

/** A person with what they may do now, through a session. */
export function principalOf(access: Access, person: Person, sessionId: string): UserPrincipal {
  const role = isRole(person.role) ? person.role : 'viewer';
  return {
    kind: 'user',
    user: { id: person.id, email: person.email, name: person.name, role },
    sessionId,
    rights: access.rightsOf(person),
  };
}

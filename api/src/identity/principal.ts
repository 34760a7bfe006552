import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import { expand, roles, roleScopes, type Role } from '@serverkit/wire/scopes.ts';
import type { Access, Standing } from '../access/service.ts';
import type { Principal, SignedInUser, UserPrincipal } from '../context.ts';

/** What of a person their rights are worked out from. */
export const withGrants = {
  grants: { select: { serverId: true, groupId: true, scopes: true }, orderBy: { id: 'asc' } },
} as const satisfies Prisma.UserInclude;

export function isRole(text: string): text is Role {
  return roles.some((role) => role === text);
}

export interface Person extends Standing {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

/**
 * Whether everything a role allows is held: nobody gives a role beyond their own rights, nor touches the account of
 * someone who has more. One we do not know may allow anything.
 */
export function holdsRole({ rights }: Pick<Principal, 'rights'>, role: string): boolean {
  return isRole(role) && expand(roleScopes[role]).every((scope) => rights.everywhere.has(scope));
}

/** Whether someone may look after the accounts of a role now: what must hold when a link of theirs is used. */
export function mayManage(access: Access, standing: Omit<Standing, 'grants'>, role: string): boolean {
  // Grants are about servers, and give nothing over people.
  const rights = access.rightsOf({ ...standing, grants: null });
  return rights.everywhere.has('users:write') && holdsRole({ rights }, role);
}

/** What others are told of a person. */
export function describe({ id, email, name, role }: Omit<Person, 'access' | 'grants'>): SignedInUser {
  return { id, email, name, role: isRole(role) ? role : 'viewer' };
}

/** A person with what they may do now, through a session. */
export function principalOf(
  access: Access,
  person: Person,
  session: Pick<UserPrincipal, 'freshAt'> & { readonly id: string },
): UserPrincipal {
  return {
    kind: 'user',
    user: describe(person),
    sessionId: session.id,
    freshAt: session.freshAt,
    rights: access.rightsOf(person),
  };
}

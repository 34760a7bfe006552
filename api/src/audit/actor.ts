import type { RequestContext } from '../context.ts';

/** Who did it, as the audit keeps it. Labels outlive the accounts they name. */
export type Actor =
  | { readonly kind: 'user'; readonly id: string; readonly label: string; readonly address: string }
  | { readonly kind: 'agent'; readonly id: string; readonly label: string; readonly address: string }
  | { readonly kind: 'system'; readonly label: string }
  | { readonly kind: 'anonymous'; readonly address: string };

export function actorOf({ principal, address }: Pick<RequestContext, 'principal' | 'address'>): Actor {
  if (principal.kind !== 'user') return { kind: 'anonymous', address };
  return userActor(principal.user, address);
}

/** A person who acts without a session yet, or is known by more than their session. */
export function userActor(
  { id, email }: { readonly id: string; readonly email: string },
  address: string,
): Actor {
  return { kind: 'user', id, label: email, address };
}

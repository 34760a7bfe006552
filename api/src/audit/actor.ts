import * as z from 'zod';
import type { RequestContext } from '../context.ts';

/** Who did it, as the audit keeps it. Labels outlive the accounts they name. */
export type Actor =
  | { readonly kind: 'user'; readonly id: string; readonly label: string; readonly address: string }
  /** A program with an API token: the id is its owner's, as they answer for it; the label names both. */
  | { readonly kind: 'token'; readonly id: string; readonly label: string; readonly address: string }
  | { readonly kind: 'agent'; readonly id: string; readonly label: string; readonly address: string }
  | { readonly kind: 'system'; readonly label: string }
  | { readonly kind: 'anonymous'; readonly address: string };

export function actorOf({ principal, address }: Pick<RequestContext, 'principal' | 'address'>): Actor {
  if (principal.kind === 'user') return userActor(principal.user, address);
  if (principal.kind !== 'token') return { kind: 'anonymous', address };
  const { user, token } = principal;
  return { kind: 'token', id: user.id, label: `${token.name} (${user.email})`, address };
}

/** The person who did it, or on whose behalf it was done; null when nobody did. */
export function personOf(actor: Actor): string | null {
  return actor.kind === 'user' || actor.kind === 'token' ? actor.id : null;
}

/** A person who acts without a session yet, or is known by more than their session. */
export function userActor(
  { id, email }: { readonly id: string; readonly email: string },
  address: string,
): Actor {
  return { kind: 'user', id, label: email, address };
}

const address = z.string();
const named = { id: z.string(), label: z.string(), address };
const actorShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), ...named }),
  z.object({ kind: z.literal('token'), ...named }),
  z.object({ kind: z.literal('agent'), ...named }),
  z.object({ kind: z.literal('system'), label: z.string() }),
  z.object({ kind: z.literal('anonymous'), address }),
]);

/** An actor that was stored beside what was asked for; undefined when it cannot be read. */
export function storedActor(value: unknown): Actor | undefined {
  return actorShape.safeParse(value).data;
}

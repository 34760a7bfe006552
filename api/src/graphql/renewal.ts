import { credentialOf, isPerson, type PersonPrincipal, type RequestContext } from '../context.ts';
import { unauthenticated } from '../errors.ts';
import { kindOfId } from '../ids.ts';
import type { Services } from '../services.ts';

/**
 * Who these sessions and API tokens stand for now; those that ended are missing. The two tell each other apart by the
 * prefix of their ids.
 *
 * @param how - isUse: whether they count as used by it; not where nobody is there any more @default true
 */
export async function renew(
  { identity, tokens }: Pick<Services, 'identity' | 'tokens'>,
  credentialIds: readonly string[],
  how: { readonly isUse?: boolean } = {},
): Promise<ReadonlyMap<string, PersonPrincipal>> {
  const isToken = (id: string): boolean => kindOfId(id) === 'token';
  const [sessions, programs] = await Promise.all([
    identity.sessions.renew(
      credentialIds.filter((id) => !isToken(id)),
      how,
    ),
    tokens.renew(credentialIds.filter(isToken), how),
  ]);
  return new Map<string, PersonPrincipal>([...sessions, ...programs]);
}

/**
 * The same request with the rights held now, for what goes on for a while after it was allowed.
 * @throws ServerKitError UNAUTHENTICATED when the session or token has ended
 */
export async function renewed(context: RequestContext): Promise<RequestContext> {
  if (!isPerson(context.principal)) return context;
  const id = credentialOf(context.principal);
  const principal = (await renew(context.services, [id])).get(id);
  if (!principal) throw unauthenticated();
  return { ...context, principal };
}

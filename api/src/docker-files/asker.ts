import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { credentialOf, type PersonPrincipal } from '../context.ts';
import { permissionDenied, unauthenticated } from '../errors.ts';
import { renew } from '../graphql/renewal.ts';
import type { Services } from '../services.ts';
import type { Asker, TransferTicket } from './service.ts';

/** With the rights that are held now. @throws ServerKitError UNAUTHENTICATED, PERMISSION_DENIED */
export async function askerFor(
  services: Services,
  { principal, actor, request }: TransferTicket,
  scope: AgentScope,
  signal: AbortSignal,
): Promise<Asker> {
  const held = (await rightsNow(services, principal)).on(request.serverId);
  if (!held.has(scope)) throw permissionDenied(scope);
  const heldScopes = (['docker:containers:privileged'] as const).filter((one) => held.has(one));
  return { actor, signal, heldScopes };
}

async function rightsNow(services: Services, principal: PersonPrincipal) {
  const id = credentialOf(principal);
  const now = (await renew(services, [id])).get(id);
  if (!now) throw unauthenticated();
  return now.rights;
}

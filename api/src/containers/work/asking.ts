import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { actorOf } from '../../audit/actor.ts';
import type { RequestContext } from '../../context.ts';
import { askerOf, heldOf } from '../../graphql/held.ts';
import { handedSecrets, requireSecretUse } from '../../secrets/handed.ts';
import type { HandedSecret } from '../../secrets/service.ts';
import type { WorkAsker, WorkTarget } from './service.ts';

/** @param more - scopes that only the agent can tell whether they are needed, besides that of privileged containers */
export function askerFor(
  context: RequestContext,
  serverId: string,
  ...more: readonly AgentScope[]
): WorkAsker {
  return {
    actor: actorOf(context),
    signal: context.signal,
    heldScopes: heldOf(context, serverId, ['docker:containers:privileged', ...more]),
  };
}

export function targeted(
  { services }: RequestContext,
  { serverId, containerId }: { readonly serverId: string; readonly containerId: string },
): WorkTarget & { readonly image: string | null } {
  return services.containers.target(serverId, containerId);
}

/** Of a refusal on record, what was tried. */
const refused = {
  'container.recreate': 'mutation.recreateContainer',
  'container.duplicate': 'mutation.duplicateContainer',
} as const;

/**
 * The secrets that a container was given, with their values of now: for another one with the same settings.
 *
 * @param purpose - noun.verb, as the audit has it
 * @throws ServerKitError PERMISSION_DENIED without secrets:use, NOT_FOUND naming one that the server does not get, …
 */
export async function secretsAgain(
  context: RequestContext,
  { serverId, id }: { readonly serverId: string; readonly id: string },
  purpose: keyof typeof refused,
): Promise<HandedSecret[]> {
  const { containers } = context.services;
  const names = await containers.work.secretsOf(serverId, id, askerOf(context.principal));
  requireSecretUse(context, names, { serverId, action: refused[purpose] });
  return handedSecrets(context, names, { serverId, purpose });
}

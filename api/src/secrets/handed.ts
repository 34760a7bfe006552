import { actorOf } from '../audit/actor.ts';
import type { RequestContext } from '../context.ts';
import { requireOn, type Refusable } from '../graphql/refusals.ts';
import type { HandedSecret } from './service.ts';

/**
 * Whoever decides what a secret is put into could have it told, so that takes a right of its own, on the server that gets
 * it. Asked before anything is begun.
 *
 * @param action - of the refusal on record: `mutation.createContainer`
 * @throws ServerKitError PERMISSION_DENIED
 */
export function requireSecretUse(
  context: Refusable,
  names: readonly string[],
  { serverId, action }: { readonly serverId: string; readonly action: string },
): void {
  if (names.length > 0) requireOn(context, { access: 'secrets:use', where: serverId }, action);
}

/** The values for the variables of an operation. @throws ServerKitError NOT_FOUND for one that the server does not get */
export async function handedSecrets(
  context: RequestContext,
  names: readonly string[],
  { serverId, purpose }: { readonly serverId: string; readonly purpose: string },
): Promise<HandedSecret[]> {
  if (names.length === 0) return [];
  return context.services.secrets.values(names, { serverId, purpose, actor: actorOf(context) });
}

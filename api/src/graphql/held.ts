import type { ServerScope } from '@serverkit/wire/scopes.ts';
import { isPerson, type Principal, type RequestContext } from '../context.ts';

/** Of these scopes those that the one who asks holds on a server: what a command may be authorised with besides. */
export function heldOf<Scope extends ServerScope>(
  { principal: { rights } }: Pick<RequestContext, 'principal'>,
  serverId: string,
  scopes: readonly Scope[],
): Scope[] {
  const held = rights.on(serverId);
  return scopes.filter((scope) => held.has(scope));
}

/** As whom an agent is asked, and whom its own audit names. */
export function askerOf(principal: Principal): string {
  return isPerson(principal) ? principal.user.id : 'system';
}

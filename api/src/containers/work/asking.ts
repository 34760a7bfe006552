import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { actorOf } from '../../audit/actor.ts';
import type { RequestContext } from '../../context.ts';
import type { WorkAsker, WorkTarget } from './service.ts';

/** Those of the scopes that the asker holds on a server: whether they are needed, the agent judges. */
export function heldOn(
  { principal }: RequestContext,
  serverId: string,
  scopes: readonly AgentScope[],
): AgentScope[] {
  const held = principal.rights.on(serverId);
  return scopes.filter((scope) => held.has(scope));
}

export function askerFor(context: RequestContext, serverId: string): WorkAsker {
  return {
    actor: actorOf(context),
    signal: context.signal,
    heldScopes: heldOn(context, serverId, ['docker:containers:privileged']),
  };
}

export function targeted(
  { services }: RequestContext,
  { serverId, containerId }: { readonly serverId: string; readonly containerId: string },
): WorkTarget {
  return services.containers.target(serverId, containerId);
}

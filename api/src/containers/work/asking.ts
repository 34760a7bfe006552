import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { actorOf } from '../../audit/actor.ts';
import type { RequestContext } from '../../context.ts';
import { heldOf } from '../../graphql/held.ts';
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

import { actorOf } from '../audit/actor.ts';
import type { RequestContext } from '../context.ts';
import type { Services } from '../services.ts';
import { askerOf, heldOf } from '../graphql/held.ts';
import type { JobKind } from '../jobs/service.ts';
import type { RegistryAuth } from '../registries/service.ts';

/** Who has work done on stacks, and what it takes; a request is one. */
export interface Asking extends Pick<RequestContext, 'principal' | 'address'> {
  readonly services: Pick<Services, 'agents' | 'audit' | 'jobs' | 'registries' | 'secrets' | 'stacks'>;
}

interface Target {
  readonly serverId: string;
  readonly name: string;
}

/**
 * The credentials that work on a stack pulls with: those for registries that its images come from, for a server that gets
 * them and on behalf of somebody who may pull there.
 *
 * @param images - what it is made of; where that cannot be told, the job itself says why
 */
export async function stackAuths(
  context: Asking,
  { name: purpose }: JobKind,
  serverId: string,
  images: () => Promise<readonly string[]>,
): Promise<RegistryAuth[]> {
  const { registries, agents } = context.services;
  const may =
    heldOf(context, serverId, ['docker:images:write']).length > 0 &&
    agents.links.get(serverId)?.scopes.has('docker:images:write');
  if (!may || !(await registries.anyFor(serverId))) return [];
  const references = await images().catch(() => []);
  const auths = await registries.authsFor(references, { serverId, actor: actorOf(context), purpose });
  return [...auths.values()];
}

/** The images of the newest version of a stack, and of the containers that are there. */
export function currentImages(
  { services: { stacks }, principal }: RequestContext,
  { serverId, name }: Target,
): Promise<string[]> {
  return stacks.images(serverId, name, askerOf(principal));
}

import { actorOf } from '../audit/actor.ts';
import { askerOf } from '../graphql/held.ts';
import type { JobKind } from '../jobs/service.ts';
import { requireSecretUse } from '../secrets/handed.ts';
import type { HandedSecret } from '../secrets/service.ts';
import type { Asking } from './pull-auths.ts';
import type { StackFiles } from './service.ts';

interface Wanted {
  readonly serverId: string;
  readonly name: string;
  /** What is deployed: these, or those of a version; the newest where neither is said. */
  readonly files?: StackFiles;
  readonly version?: number;
}

/**
 * The secrets that work on a stack takes. Those that its newest version has come along, as far as there are: should the next
 * one not come up they go back to where they were, so that takes no right of its own.
 *
 * @throws ServerKitError PERMISSION_DENIED without secrets:use, NOT_FOUND naming one that the server does not get
 */
export async function stackSecrets(
  asking: Asking,
  { name: purpose }: JobKind,
  { serverId, ...wanted }: Wanted,
): Promise<HandedSecret[]> {
  const { stacks, secrets } = asking.services;
  const { needed, before } = await stacks.secretsOf(serverId, wanted, askerOf(asking.principal));
  if (needed.length + before.length === 0) return [];
  const action = `mutation.${purpose.slice(purpose.indexOf('.') + 1)}Stack`;
  requireSecretUse(asking, needed, { serverId, action });
  return secrets.values(needed, {
    serverId,
    purpose,
    actor: actorOf(asking),
    also: before,
    stack: wanted.name,
  });
}

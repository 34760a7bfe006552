import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import { actorOf } from '../audit/actor.ts';
import { askerOf, heldOf } from '../graphql/held.ts';
import { mayTake } from './fields.ts';
import { stackDeploy } from './jobs.ts';
import { DeployStackDocument } from './operations.ts';
import { stackAuths, type Asking } from './pull-auths.ts';
import { stackSecrets } from './secrets.ts';
import type { StackFiles } from './service.ts';

export interface Deployment {
  readonly serverId: string;
  readonly name: string;
  readonly files: StackFiles;
  /** The newest version that was seen; null for a stack that has none. */
  readonly baseVersion: number | null;
  /** Every image, not only those that are missing. */
  readonly pull: boolean;
  readonly timeoutSeconds: number;
  /** The job on many servers that it is a part of. */
  readonly parentId?: string;
}

/** Begins to deploy a stack. @throws ServerKitError when it is certain that nothing begins */
export function deploy(asking: Asking, wanted: Deployment): Promise<Job> {
  const { serverId, name, files, baseVersion, pull, timeoutSeconds, parentId } = wanted;
  return asking.services.jobs.start(stackDeploy, {
    serverId,
    parentId,
    target: { kind: 'stack', id: name },
    parameters: { baseVersion, pull },
    actor: actorOf(asking),
    heldScopes: heldOf(asking, serverId, mayTake),
    document: DeployStackDocument,
    variables: async (jobId) => ({
      jobId,
      name,
      files,
      baseVersion,
      pull,
      timeoutSeconds,
      auths: await stackAuths(asking, stackDeploy, serverId, async () => {
        const plan = await asking.services.stacks.plan(serverId, name, files, {
          actor: askerOf(asking.principal),
          heldScopes: heldOf(asking, serverId, mayTake),
        });
        return plan.services.flatMap(({ image }) => image ?? []);
      }),
      secrets: await stackSecrets(asking, stackDeploy, { serverId, name, files }),
    }),
  });
}

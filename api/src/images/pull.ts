import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import { actorOf } from '../audit/actor.ts';
import type { RequestContext } from '../context.ts';
import type { Services } from '../services.ts';
import { imagePull } from './jobs.ts';
import { PullImageDocument } from './operations.ts';

/** Who has images pulled, and what it takes; a request is one. */
interface Asking extends Pick<RequestContext, 'principal' | 'address'> {
  readonly services: Pick<Services, 'jobs' | 'registries'>;
}

export interface Pull {
  readonly serverId: string;
  readonly reference: string;
  /** Null for the server's own. */
  readonly platform: string | null;
  /** The job on many servers that it is a part of. */
  readonly parentId?: string;
}

/** Begins to pull an image. @throws ServerKitError when it is certain that nothing begins */
export function pull(asking: Asking, { serverId, reference, platform, parentId }: Pull): Promise<Job> {
  const { jobs, registries } = asking.services;
  const actor = actorOf(asking);
  return jobs.start(imagePull, {
    serverId,
    parentId,
    target: { kind: 'image', id: reference },
    parameters: platform === null ? {} : { platform },
    actor,
    document: PullImageDocument,
    variables: async (jobId) => ({
      jobId,
      reference,
      platform,
      auth: await registries.authFor(reference, { serverId, actor, purpose: imagePull.name }),
    }),
  });
}

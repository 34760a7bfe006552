import type { Authority } from '../docker/privilege/guard.ts';
import type { DockerService } from '../docker/service.ts';
import { AgentError } from '../errors.ts';
import { pullImage, type RegistryAuth } from '../images/pull.ts';
import type { JobHandle } from '../jobs/job.ts';

/** On whose behalf images of a stack are pulled. */
export interface Puller {
  readonly authority: Authority;
  /** For the registries that they come from. @default none */
  readonly auths?: readonly RegistryAuth[];
}

/** An image that a service of a stack is made of. */
export interface WantedImage {
  readonly service: string;
  readonly reference: string;
}

/** Pulls an image of a stack. @throws AgentError SCOPE_DENIED where that was not authorised */
export async function bring(
  { service, reference }: WantedImage,
  { authority, auths = [] }: Puller,
  job: JobHandle,
  { engine }: Pick<DockerService, 'engine'>,
): Promise<void> {
  if (!authority.scopes.has('docker:images:write')) {
    throw new AgentError(
      'SCOPE_DENIED',
      `${reference} has to be pulled, which was not authorised with docker:images:write.`,
    );
  }
  job.progress({ item: service, status: `pulling ${reference}` });
  await pullImage(engine, { reference, platform: null, auths }, job);
}

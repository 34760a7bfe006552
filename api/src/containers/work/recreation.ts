import type { ImagePullPolicy } from '../../generated/agent/graphql.ts';
import type { RegistryAuth } from '../../registries/service.ts';
import { RecreateContainerDocument } from './operations.ts';

export interface Recreation {
  readonly id: string;
  /** Null for the name that it was made of. */
  readonly image: string | null;
  readonly pull: ImagePullPolicy;
  readonly healthTimeoutSeconds: number;
}

/** What a job that recreates a container sends. @param auth - to pull with; asked for once the server is there */
export function recreation(options: Recreation, auth: () => Promise<RegistryAuth | null>) {
  return {
    document: RecreateContainerDocument,
    variables: async (jobId: string) => ({ ...options, jobId, auth: await auth() }),
  };
}

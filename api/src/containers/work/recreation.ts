import type { ImagePullPolicy } from '../../generated/agent/graphql.ts';
import type { RegistryAuth } from '../../registries/service.ts';
import type { HandedSecret } from '../../secrets/service.ts';
import { RecreateContainerDocument } from './operations.ts';

export interface Recreation {
  readonly id: string;
  /** Null for the name that it was made of. */
  readonly image: string | null;
  readonly pull: ImagePullPolicy;
  readonly healthTimeoutSeconds: number;
}

/** What it takes besides; asked for once the server is there. */
export interface RecreationNeeds {
  /** To pull with. */
  readonly auth: () => Promise<RegistryAuth | null>;
  /** Those that it was given, with their values of now. */
  readonly secrets: () => Promise<HandedSecret[]>;
}

/** What a job that recreates a container sends. */
export function recreation(options: Recreation, { auth, secrets }: RecreationNeeds) {
  return {
    document: RecreateContainerDocument,
    variables: async (jobId: string) => ({ ...options, jobId, auth: await auth(), secrets: await secrets() }),
  };
}

import type { RegistryAuth } from '../registries/service.ts';
import type { HandedSecret } from '../secrets/service.ts';
import { PullStackDocument } from './operations.ts';

export interface Refreshing {
  readonly name: string;
  /** Empty for all of them. */
  readonly services: readonly string[];
  /** Whether the newest version is deployed again with what was pulled. */
  readonly up: boolean;
  readonly baseVersion: number | null;
  readonly timeoutSeconds: number;
}

/** What it takes besides; asked for once the server is there. */
export interface RefreshNeeds {
  /** To pull with. */
  readonly auths: () => Promise<RegistryAuth[]>;
  /** Those that it refers to; for one that is deployed again. */
  readonly secrets: () => Promise<HandedSecret[]>;
}

/** What a job that pulls a stack sends. */
export function refreshing({ services, ...options }: Refreshing, { auths, secrets }: RefreshNeeds) {
  return {
    document: PullStackDocument,
    variables: async (jobId: string) => ({
      ...options,
      services: [...services],
      jobId,
      auths: await auths(),
      secrets: options.up ? await secrets() : [],
    }),
  };
}

import type { RegistryAuth } from '../registries/service.ts';
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

/** What a job that pulls a stack sends. @param auths - to pull with; asked for once the server is there */
export function refreshing({ services, ...options }: Refreshing, auths: () => Promise<RegistryAuth[]>) {
  return {
    document: PullStackDocument,
    variables: async (jobId: string) => ({
      ...options,
      services: [...services],
      jobId,
      auths: await auths(),
    }),
  };
}

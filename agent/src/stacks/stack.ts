import type { ContainerState } from '../docker/container.ts';

/** A container of a stack, as Compose labelled it. */
export interface StackContainer {
  /** Docker's full id. */
  readonly id: string;
  readonly name: string;
  /** Which of the service's, from 1. */
  readonly number: number;
  readonly state: ContainerState;
  /** Docker's own words. */
  readonly status: string;
  readonly health: string | null;
  /** Null while it runs. */
  readonly exitCode: number | null;
  /** As it was named when the container was made. */
  readonly image: string;
  readonly imageId: string;
  /** Compose's hash of the service as it was when the container was made. */
  readonly configHash: string | null;
}

export interface StackService {
  readonly name: string;
  readonly containers: readonly StackContainer[];
  /** Services of the same stack that it was started after. */
  readonly dependsOn: readonly string[];
}

/** A Compose project of this host: one with containers, whoever made it, or one of which the agent keeps the files. */
export interface Stack {
  readonly name: string;
  /** Whether the agent keeps its files. */
  readonly managed: boolean;
  /** Of its files, as Compose noted it or the agent keeps them; null where nobody said. */
  readonly folder: string | null;
  /** Absolute paths, as Compose noted them. */
  readonly configFiles: readonly string[];
  readonly services: readonly StackService[];
  /** Newest version that was deployed through the agent; null where there is none. */
  readonly version: number | null;
}

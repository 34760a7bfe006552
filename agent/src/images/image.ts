import type { Label } from '../docker/container.ts';

/** A container that was made from an image. */
export interface ImageUser {
  /** Full id. */
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
}

/** An image as lists show it. */
export interface Image {
  /** `sha256:…` */
  readonly id: string;
  /** `name:tag`, by name. */
  readonly tags: readonly string[];
  /** `name@sha256:…`: what registries call it. */
  readonly digests: readonly string[];
  /** Ms since 1970, as its maker says. */
  readonly createdAt: number;
  /** Of all of its layers, those included that other images have as well. */
  readonly sizeBytes: number;
  readonly labels: readonly Label[];
  /** By name. */
  readonly containers: readonly ImageUser[];
}

export interface ImagePage {
  readonly items: readonly Image[];
  readonly next: string | null;
}

/** One image in depth. Values of environment variables never leave the host. */
export interface ImageDetails {
  readonly image: Image;
  readonly architecture: string;
  readonly os: string;
  readonly author: string;
  readonly comment: string;
  readonly user: string;
  readonly workingDir: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environmentNames: readonly string[];
  /** `80/tcp` */
  readonly exposedPorts: readonly string[];
  /** Folders that become anonymous volumes. */
  readonly volumes: readonly string[];
  readonly healthcheck: readonly string[];
  readonly stopSignal: string;
  readonly layers: number;
  /** `docker image inspect` as JSON text, values of environment variables masked. */
  readonly inspectJson: string;
}

/** One step of how an image was made. */
export interface ImageStep {
  /** Ms since 1970. */
  readonly createdAt: number;
  /** The instruction, values of build arguments that look secret masked. */
  readonly createdBy: string;
  readonly comment: string;
  readonly sizeBytes: number;
  readonly tags: readonly string[];
}

/** What is to be cleared away: images without a tag, or all that no container was made from. */
export type PruneExtent = 'DANGLING' | 'UNUSED';

/** An image that may be cleared away, as the one who decides saw it. */
export interface PruneCandidate {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
}

export interface PrunePreview {
  readonly images: readonly PruneCandidate[];
  /** What the disk gets back: layers that no other image has, each counted once. */
  readonly reclaimableBytes: number;
}

/** One of a preview, by what was shown of it. */
export interface PruneTarget {
  readonly id: string;
  readonly tags: readonly string[];
}

export interface KeptImage {
  readonly id: string;
  readonly tags: readonly string[];
  /** Why it was not removed, as a sentence. */
  readonly reason: string;
}

export interface PruneResult {
  readonly removed: readonly PruneCandidate[];
  readonly kept: readonly KeptImage[];
  readonly reclaimedBytes: number;
}

export interface RemovedImage {
  readonly untagged: readonly string[];
  /** Ids of images and layers. */
  readonly deletedIds: readonly string[];
}

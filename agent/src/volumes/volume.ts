import type { Label } from '../docker/container.ts';

/** A container that has a volume mounted, running or not. */
export interface VolumeUser {
  readonly containerId: string;
  readonly containerName: string;
  readonly running: boolean;
  /** Where it is inside the container. */
  readonly destination: string;
  readonly readOnly: boolean;
}

/** Times are ms since 1970. */
export interface Volume {
  readonly name: string;
  readonly driver: string;
  /** local, or global for one of a cluster. */
  readonly scope: string;
  /** On the host; empty where the driver does not tell. */
  readonly mountpoint: string;
  /** Null where the driver does not tell. */
  readonly createdAt: number | null;
  /** Made without a name, by a container that asked for one. */
  readonly anonymous: boolean;
  readonly labels: readonly Label[];
  /** Of its driver. */
  readonly options: readonly Label[];
  readonly users: readonly VolumeUser[];
}

export interface NewVolume {
  /** Empty for one that the engine chooses. */
  readonly name: string;
  readonly driver: string;
  readonly options: readonly Label[];
  readonly labels: readonly Label[];
}

export interface VolumeSize {
  readonly name: string;
  /** Null where the driver does not tell. */
  readonly sizeBytes: number | null;
}

/** What a prune would remove. */
export interface UnusedVolume extends VolumeSize {
  readonly driver: string;
  readonly anonymous: boolean;
}

/** One that a prune left alone. */
export interface KeptVolume {
  readonly name: string;
  /** As a sentence. */
  readonly reason: string;
}

export interface PrunedVolumes {
  readonly removed: readonly VolumeSize[];
  readonly kept: readonly KeptVolume[];
}

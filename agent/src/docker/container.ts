/** What is known of the Docker engine. */
export interface DockerFacts {
  readonly available: boolean;
  readonly version: string | null;
  readonly apiVersion: string | null;
  readonly storageDriver: string | null;
  /** Why it is not available, as a sentence. */
  readonly error: string | null;
}

export const containerStates = [
  'CREATED',
  'RUNNING',
  'PAUSED',
  'RESTARTING',
  'REMOVING',
  'EXITED',
  'DEAD',
] as const;
export type ContainerState = (typeof containerStates)[number];

export interface Label {
  readonly key: string;
  readonly value: string;
}

export interface Port {
  readonly privatePort: number;
  /** Null when it is exposed but not published. */
  readonly publicPort: number | null;
  readonly protocol: string;
  /** Address of the host that it is published on. */
  readonly address: string | null;
}

/** A container as lists show it. Times are ms since 1970. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly command: string;
  readonly state: ContainerState;
  /** Docker's own words: "Up 5 minutes (healthy)". */
  readonly status: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Null while it runs. */
  readonly exitCode: number | null;
  /** starting, healthy or unhealthy; null without a health check. */
  readonly health: string | null;
  readonly labels: readonly Label[];
  readonly ports: readonly Port[];
  readonly networks: readonly string[];
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  readonly memoryLimitBytes: number | null;
}

export type ContainerChangeKind = 'SNAPSHOT' | 'DELTA' | 'DOCKER';

export interface ContainerChange {
  readonly kind: ContainerChangeKind;
  readonly containers: readonly Container[];
  readonly removedIds: readonly string[];
  readonly docker: DockerFacts;
  readonly complete: boolean;
  readonly at: number;
}

/** Use of one running container. Counters count since it started. */
export interface ContainerStats {
  readonly id: string;
  /** Percent of one core, so up to 100 × cores, as `docker stats` shows it. */
  readonly cpuPercent: number;
  /** Without the file cache that the kernel would drop first, as `docker stats` shows it. */
  readonly memoryBytes: number;
  /** The memory of the host where no limit is set. */
  readonly memoryLimitBytes: number;
  /** Null where the container has no network of its own. */
  readonly networkReceivedBytes: number | null;
  readonly networkSentBytes: number | null;
  readonly blockReadBytes: number | null;
  readonly blockWrittenBytes: number | null;
  readonly pids: number | null;
}

export interface ContainerStatsBatch {
  readonly at: number;
  readonly items: readonly ContainerStats[];
}

export type LogStream = 'STDOUT' | 'STDERR';

export interface LogSegment {
  readonly stream: LogStream;
  readonly text: string;
  readonly partial: boolean;
}

export interface LogBatch {
  readonly segments: readonly LogSegment[];
}

export interface LogOptions {
  readonly id: string;
  readonly tail: number | null;
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly timestamps: boolean;
}

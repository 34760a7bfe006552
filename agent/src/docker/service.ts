import type { CreditWindow } from '../context.ts';
import type { Source } from '../source.ts';
import type {
  Container,
  ContainerChange,
  ContainerStatsBatch,
  DockerFacts,
  LogBatch,
  LogOptions,
} from './container.ts';
import type { ContainerDetails } from './details.ts';

export interface ContainerPage {
  readonly items: readonly Container[];
  readonly next: string | null;
}

export interface ListOptions {
  readonly all: boolean;
  readonly ids: readonly string[] | null;
  readonly first: number;
  readonly after: string | null;
}

/** Counts for samples, kept current from Docker's events. */
export interface DockerCounts {
  readonly containersTotal: number;
  readonly containersRunning: number;
  readonly imagesTotal: number | null;
}

/** What can be done to a container; each takes its full id, a unique prefix of 12 digits or more, or its name. */
export type ContainerAction =
  | { readonly kind: 'start' | 'pause' | 'unpause' }
  | { readonly kind: 'stop' | 'restart'; readonly timeoutSeconds: number | null }
  | { readonly kind: 'kill'; readonly signal: string }
  | { readonly kind: 'rename'; readonly name: string };

/** The Docker engine of this host. Every method throws AgentError. */
export interface DockerService {
  facts(): DockerFacts;
  /** Null without Docker. */
  counts(): DockerCounts | null;
  list(options: ListOptions): Promise<ContainerPage>;
  /** Null when there is no such container. */
  details(id: string): Promise<ContainerDetails | null>;
  act(id: string, action: ContainerAction, signal: AbortSignal): Promise<Container>;
  /** Resolves with the full id. */
  remove(id: string, options: { force: boolean; volumes: boolean }, signal: AbortSignal): Promise<string>;
  changes(signal: AbortSignal): Source<ContainerChange>;
  stats(intervalMs: number, signal: AbortSignal): Source<ContainerStatsBatch>;
  logs(options: LogOptions, credits: CreditWindow, signal: AbortSignal): Source<LogBatch>;
  /** Ends the event stream and everything that waits for Docker. */
  close(): void;
}

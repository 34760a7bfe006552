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
import type { Engine } from './engine.ts';
import type { EngineEventBatch } from './event-feed.ts';

export interface ContainerPage {
  readonly items: readonly Container[];
  readonly next: string | null;
}

export interface ListOptions {
  /** Those that do not run as well. */
  readonly all: boolean;
  /** Only these, by full id. */
  readonly ids: readonly string[] | null;
  readonly first: number;
  /** `next` of the page before. */
  readonly after: string | null;
}

/** Counts for samples, kept current from Docker's events. */
export interface DockerCounts {
  readonly containersTotal: number;
  readonly containersRunning: number;
  readonly imagesTotal: number | null;
}

/** What can be done to a container that stays. */
export type ContainerAction =
  | { readonly kind: 'start' | 'pause' | 'unpause' }
  | { readonly kind: 'stop' | 'restart'; readonly timeoutSeconds: number | null }
  | { readonly kind: 'kill'; readonly signal: string }
  | { readonly kind: 'rename'; readonly name: string };

/**
 * The Docker engine of this host. A container is referred to by its full id, 12 digits or more of it, or its name. Every
 * method throws AgentError.
 */
export interface DockerService {
  /** What every other Docker noun speaks to. Refuses everything where the configuration switches Docker off. */
  readonly engine: Engine;
  facts(): DockerFacts;
  /** Null without Docker. */
  counts(): DockerCounts | null;
  list(options: ListOptions): Promise<ContainerPage>;
  /** The one container that is meant. @throws AgentError NOT_FOUND, or CONFLICT where it could be two */
  find(reference: string): Promise<Container>;
  /** Null when there is no such container. */
  details(reference: string): Promise<ContainerDetails | null>;
  /** Resolves with the container as it is afterwards. The signal counts until the engine was told, not later. */
  act(reference: string, action: ContainerAction, signal: AbortSignal): Promise<Container>;
  /** Resolves with the full id. */
  remove(reference: string, options: RemoveOptions, signal: AbortSignal): Promise<string>;
  changes(signal: AbortSignal): Source<ContainerChange>;
  /** What happened lately, then what happens, of these types. */
  events(types: ReadonlySet<string>, signal: AbortSignal): Source<EngineEventBatch>;
  stats(intervalMs: number, signal: AbortSignal): Source<ContainerStatsBatch>;
  logs(options: LogOptions, credits: CreditWindow, signal: AbortSignal): Source<LogBatch>;
  /** Takes the readings that CPU use in lists is told from; called at the pace of samples. */
  measure(): void;
  /** Ends the watch over the engine; streams end by their own signals. */
  close(): void;
}

export interface RemoveOptions {
  readonly force: boolean;
  readonly volumes: boolean;
}

import type { Logger } from 'pino';
import type { AgentLink, Agents } from '../agents/link.ts';
import type { ContainerFieldsFragment, DockerFieldsFragment } from '../generated/agent/graphql.ts';
import { Topic, type Topics } from '../live/topics.ts';
import { checkBounds } from './bounds.ts';
import { ContainerChangesDocument } from './operations.ts';
import type { Snapshots } from './snapshots.ts';

export type AgentContainer = ContainerFieldsFragment;
export type DockerState = DockerFieldsFragment;

/** What is known of one server's containers. */
export interface ServerContainers {
  readonly containers: ReadonlyMap<string, AgentContainer>;
  readonly docker: DockerState;
  readonly observedAt: Date;
  /** Whether the agent keeps it up to date right now. */
  readonly live: boolean;
}

/** One change of a server's containers. A snapshot replaces what was known. */
export interface ContainerChange {
  readonly serverId: string;
  readonly kind: 'SNAPSHOT' | 'DELTA' | 'DOCKER';
  readonly containers: readonly AgentContainer[];
  readonly removedIds: readonly string[];
  readonly docker: DockerState;
  readonly observedAt: Date;
}

export const containerChanges = new Topic<ContainerChange>({
  buffering: { keep: 'all', limit: 1_000 },
  channel: ({ serverId }) => serverId,
});

export interface ContainerMirror {
  /** Undefined when the server's containers were never seen. */
  get(serverId: string): Promise<ServerContainers | undefined>;
  /** What is known without a look into the database. */
  peek(serverId: string): ServerContainers | undefined;
  all(): ReadonlyMap<string, ServerContainers>;
  /** Takes over what a command answered, ahead of the event that will say the same. */
  note(serverId: string, container: AgentContainer): void;
  forget(serverId: string): void;
  /** Reads what was last seen of every server; before the first link. */
  load(): Promise<void>;
  /** Writes what has not been written yet. */
  flush(): Promise<void>;
}

interface Entry {
  containers: Map<string, AgentContainer>;
  docker: DockerState;
  observedAt: Date;
  /** The link that keeps it current; undefined while the server is offline. */
  link: AgentLink | undefined;
  /** Containers of a snapshot whose last page has not come yet. */
  pages: Map<string, AgentContainer> | undefined;
}

/**
 * Follows the containers of every linked server from its agent's events, so that lists of the whole fleet cost no
 * round trips, and remembers them for when the server is offline.
 */
export function createContainerMirror(
  agents: Agents,
  topics: Topics,
  snapshots: Snapshots,
  log: Logger,
  onDocker: (serverId: string, docker: DockerState) => void,
): ContainerMirror {
  const entries = new Map<string, Entry>();

  function follow(link: AgentLink): void {
    if (!link.scopes.has('docker:containers:read')) return;
    link.subscribe(
      ContainerChangesDocument,
      {},
      { actor: 'system', scopes: ['docker:containers:read'] },
      {
        next: ({ containerChanges: change }) => apply(link, change),
        end(error) {
          leave(link);
          if (link.closed.aborted) return;
          log.warn({ err: error, serverId: link.serverId }, 'an agent stopped reporting its containers');
        },
      },
    );
    link.closed.addEventListener('abort', () => leave(link));
  }

  /** Nobody keeps it current any more: what was seen last is what is shown. */
  function leave(link: AgentLink): void {
    const entry = entries.get(link.serverId);
    if (!entry) return;
    entry.pages = undefined;
    if (entry.link === link) entry.link = undefined;
  }

  type Change = { readonly kind: 'SNAPSHOT' | 'DELTA' | 'DOCKER' } & Parameters<typeof take>[1];

  function apply(link: AgentLink, change: Change): void {
    const entry = entries.get(link.serverId) ?? fresh(change.docker);
    entries.set(link.serverId, entry);
    if (!take(entry, change)) return;
    entry.link = link;
    entry.docker = change.docker;
    entry.observedAt = new Date();
    onDocker(link.serverId, change.docker);
    publish(link.serverId, entry, change.kind, change.containers, change.removedIds);
    snapshots.later(link.serverId, () => entry);
  }

  function publish(
    serverId: string,
    entry: Entry,
    kind: Change['kind'],
    changed: readonly AgentContainer[],
    removedIds: readonly string[],
  ): void {
    topics.publish(containerChanges, {
      serverId,
      kind,
      containers: kind === 'SNAPSHOT' ? [...entry.containers.values()] : changed,
      removedIds,
      docker: entry.docker,
      observedAt: entry.observedAt,
    });
  }

  agents.onUp(follow);

  return {
    async get(serverId) {
      const known = entries.get(serverId) ?? (await restore(serverId));
      return known && view(known);
    },
    peek(serverId) {
      const known = entries.get(serverId);
      return known && view(known);
    },
    all: () => new Map([...entries].map(([serverId, entry]) => [serverId, view(entry)])),
    note(serverId, container) {
      const entry = entries.get(serverId);
      if (!entry?.link) return;
      entry.containers.set(container.id, container);
      entry.observedAt = new Date();
      publish(serverId, entry, 'DELTA', [container], []);
    },
    forget: (serverId) => void entries.delete(serverId),
    async load() {
      for (const { serverId, ...seen } of await snapshots.readAll()) entries.set(serverId, restored(seen));
    },
    flush: () => snapshots.flush(),
  };

  async function restore(serverId: string): Promise<Entry | undefined> {
    const seen = await snapshots.read(serverId);
    if (!seen) return undefined;
    const entry = entries.get(serverId) ?? restored(seen);
    entries.set(serverId, entry);
    return entry;
  }
}

/** @returns whether the entry is whole again @throws ServerKitError AGENT_PROTOCOL_ERROR for more than can be remembered */
function take(
  entry: Entry,
  change: {
    readonly kind: 'SNAPSHOT' | 'DELTA' | 'DOCKER';
    readonly containers: readonly AgentContainer[];
    readonly removedIds: readonly string[];
    readonly complete: boolean;
    readonly docker: DockerState;
  },
): boolean {
  if (change.kind === 'SNAPSHOT') {
    entry.pages ??= new Map();
    for (const container of change.containers) entry.pages.set(container.id, container);
    checkBounds(entry.pages.values());
    if (!change.complete) return false;
    entry.containers = entry.pages;
    entry.pages = undefined;
    return true;
  }
  for (const container of change.containers) entry.containers.set(container.id, container);
  for (const id of change.removedIds) entry.containers.delete(id);
  checkBounds(entry.containers.values());
  return true;
}

function fresh(docker: DockerState): Entry {
  return { containers: new Map(), docker, observedAt: new Date(), link: undefined, pages: undefined };
}

function restored(seen: {
  containers: readonly AgentContainer[];
  docker: DockerState;
  observedAt: Date;
}): Entry {
  return {
    containers: new Map(seen.containers.map((container) => [container.id, container])),
    docker: seen.docker,
    observedAt: seen.observedAt,
    link: undefined,
    pages: undefined,
  };
}

function view({ containers, docker, observedAt, link }: Entry): ServerContainers {
  const live = link !== undefined && !link.closed.aborted;
  // While the agent reports every change, what is shown is what is.
  return { containers, docker, observedAt: live ? new Date() : observedAt, live };
}

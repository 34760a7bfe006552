import type { Client } from './client.ts';
import {
  ContainerEventsDocument,
  type ContainerEventsSubscription,
  type ContainerEventsSubscriptionVariables,
  type ContainerFieldsFragment,
} from './generated/operations.ts';
import { iterate } from './iterate.ts';

/** A container and where it is. */
export interface WatchedContainer extends ContainerFieldsFragment {
  readonly serverId: string;
}

/** The containers as they are now, and what is different from the change before. */
export interface ContainersChange {
  /** All of them. The same map each time: read it before asking for the next change. */
  readonly containers: ReadonlyMap<string, WatchedContainer>;
  readonly changed: readonly WatchedContainer[];
  readonly removed: readonly WatchedContainer[];
  /** All of a server's containers were told, at the begin or after a break, rather than what changed. */
  readonly snapshot: boolean;
}

/**
 * Follows the containers of a server, or of the whole fleet: first as they are, then whenever something changes, until the
 * reader leaves. After a lost connection, or when the reader fell far behind, it goes on with what is then; what `removed`
 * and `changed` say stays right. Scope: docker:containers:read.
 */
export function watchContainers(
  client: Client,
  variables: ContainerEventsSubscriptionVariables = {},
  { signal }: { readonly signal?: AbortSignal } = {},
): AsyncIterableIterator<ContainersChange, undefined> {
  const events = client.stream(ContainerEventsDocument, variables, {
    signal,
    backlog: { overflow: 'restart' },
  });
  async function* changes(): AsyncGenerator<ContainersChange, undefined> {
    const known = new Map<string, WatchedContainer>();
    for await (const { data } of events) {
      const change = apply(known, data.containerEvents);
      if (change) yield { containers: known, ...change };
    }
  }
  return iterate(changes(), () => void events.return?.());
}

type Event = ContainerEventsSubscription['containerEvents'];

const keyOf = (serverId: string, containerId: string): string => `${serverId} ${containerId}`;

/** @returns what is different now; undefined for an event about Docker itself */
export function apply(
  known: Map<string, WatchedContainer>,
  { kind, serverId, containers, removedIds }: Event,
): Omit<ContainersChange, 'containers'> | undefined {
  if (kind === 'DOCKER') return undefined;
  const told = new Set(containers.map(({ id }) => keyOf(serverId, id)));
  const gone =
    kind === 'SNAPSHOT'
      ? [...known].flatMap(([key, one]) => (one.serverId === serverId && !told.has(key) ? [key] : []))
      : removedIds.map((id) => keyOf(serverId, id));
  const removed = gone.flatMap((key) => known.get(key) ?? []);
  for (const key of gone) known.delete(key);
  const changed = containers.map((container) => ({ ...container, serverId }));
  for (const container of changed) known.set(keyOf(serverId, container.id), container);
  return { changed, removed, snapshot: kind === 'SNAPSHOT' };
}

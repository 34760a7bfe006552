import { SvelteMap } from 'svelte/reactivity';
import type { Failure } from '../api/failure.ts';
import { subscribe } from '../api/operations.ts';
import { perFrame } from '../frame.ts';
import type { Containers_EventsSubscription } from '../generated/graphql.ts';
import { ContainerEntry, type ContainerStats } from './container.svelte.ts';
import { Events, Stats } from './documents.ts';

type ContainerEvent = Containers_EventsSubscription['containerEvents'];

/** The containers of one server, or of all of them, kept current by events and statistics. */
export class Containers {
  list = $state.raw<readonly ContainerEntry[]>([]);
  loaded = $state(false);
  failure = $state.raw<Failure | null>(null);
  /** What Docker said of itself, by server. */
  docker = new SvelteMap<string, NonNullable<ContainerEvent['docker']>>();
  observedAt = new SvelteMap<string, string>();

  readonly #serverId: string | null;
  /** A fleet begins with a snapshot for each server: the list is made once for all that arrive together. */
  readonly #listed = perFrame<'list', true>(() => {
    this.list = [...this.#byKey.values()];
    this.loaded = true;
  });
  #byKey = new Map<string, ContainerEntry>();

  constructor(serverId: string | null) {
    this.#serverId = serverId;
  }

  get(serverId: string, id: string): ContainerEntry | undefined {
    // Reading the list makes what depends on this follow containers that come and go.
    return this.list.length >= 0 ? this.#byKey.get(`${serverId}/${id}`) : undefined;
  }

  /** Follows the containers until the returned function is called. */
  start(): () => void {
    this.failure = null;
    const stop = subscribe(
      Events,
      { serverId: this.#serverId },
      {
        next: ({ containerEvents }) => this.#apply(containerEvents),
        failed: (failure) => (this.failure = failure),
      },
    );
    return () => {
      stop();
      this.#listed.stop();
    };
  }

  /** Follows the numbers of one server's running containers, second by second. */
  watchStats(serverId: string): () => void {
    const batch = perFrame<string, readonly [ContainerStats, number]>((stats) => {
      for (const [id, [item, at]] of stats) {
        const entry = this.#byKey.get(`${serverId}/${id}`);
        if (!entry) continue;
        entry.stats = item;
        entry.statsAt = at;
      }
    });
    const stop = subscribe(
      Stats,
      { serverId },
      {
        next: ({ serverContainerStats: { at, items } }) => {
          const time = Date.parse(at);
          for (const item of items) batch.add(item.containerId, [item, time]);
        },
      },
    );
    return () => {
      stop();
      batch.stop();
    };
  }

  #apply(event: ContainerEvent): void {
    const { serverId } = event;
    if (event.docker) this.docker.set(serverId, event.docker);
    this.observedAt.set(serverId, event.observedAt);
    let others = !this.loaded;
    if (event.kind === 'SNAPSHOT')
      others = this.#forgetAllBut(serverId, new Set(event.containers.map(({ id }) => id))) || others;
    for (const id of event.removedIds) others = this.#byKey.delete(`${serverId}/${id}`) || others;
    for (const row of event.containers) {
      const entry = this.#byKey.get(`${serverId}/${row.id}`);
      if (entry) entry.row = row;
      else {
        this.#byKey.set(`${serverId}/${row.id}`, new ContainerEntry(serverId, row));
        others = true;
      }
    }
    if (others) this.#listed.add('list', true);
  }

  /** Whether there were others. */
  #forgetAllBut(serverId: string, ids: ReadonlySet<string>): boolean {
    const before = this.#byKey.size;
    for (const [key, entry] of this.#byKey) {
      if (entry.serverId === serverId && !ids.has(entry.id)) this.#byKey.delete(key);
    }
    return this.#byKey.size < before;
  }
}

import type { Failure } from '../api/failure.ts';
import { toFailure } from '../api/failure.ts';
import { query, subscribe } from '../api/operations.ts';
import { nextAfter } from '../api/pages.svelte.ts';
import { perFrame } from '../frame.ts';
import type { Fleet_ServerEventsSubscription } from '../generated/graphql.ts';
import { Metrics, ServerEvents, Servers, Sparklines } from './documents.ts';
import { FleetServer, type Gauges, type ServerRow } from './fleet-server.svelte.ts';

type ServerEvent = Fleet_ServerEventsSubscription['serverEvents'];

const pageSize = 100;

/**
 * Every server, kept current by events. Loaded once per sign-in: menus, lists, cards and the palette read the same
 * objects, so that a status never differs between two places.
 */
class Fleet {
  servers = $state.raw<readonly FleetServer[]>([]);
  loaded = $state(false);
  failure = $state.raw<Failure | null>(null);

  #byId = new Map<string, FleetServer>();
  #listeners = new Set<(event: ServerEvent) => void>();
  #watchers = 0;
  #stopMetrics: (() => void) | null = null;
  #run = 0;
  /** Servers that an event told of since the list was last asked for. */
  #told = new Set<string>();

  get(id: string): FleetServer | undefined {
    // Reading the list makes what depends on this follow servers that come and go.
    return this.servers.length >= 0 ? this.#byId.get(id) : undefined;
  }

  get tags(): readonly string[] {
    return [...new Set(this.servers.flatMap(({ row }) => row.tags))].toSorted((a, b) => a.localeCompare(b));
  }

  /** Follows the fleet until the returned function is called. */
  start(): () => void {
    const stop = subscribe(ServerEvents, {}, { next: ({ serverEvents }) => this.#apply(serverEvents) });
    return () => {
      stop();
      this.#run++;
      this.#byId.clear();
      this.servers = [];
      this.loaded = false;
    };
  }

  /** Reads the whole list again; called at the start and after each reconnect, when events may have been missed. */
  async load(): Promise<void> {
    const run = ++this.#run;
    const told = (this.#told = new Set());
    try {
      const seen = new Set<string>();
      let after: string | null = null;
      do {
        const { data }: Awaited<ReturnType<typeof this.page>> = await this.page(after);
        if (run !== this.#run) return;
        for (const row of data.servers.nodes) {
          seen.add(row.id);
          // The list may have been read before the event and come after it.
          if (!told.has(row.id)) this.#put(row);
        }
        this.#list();
        this.loaded = true;
        after = nextAfter(data.servers.pageInfo);
      } while (after !== null);
      for (const id of this.#byId.keys()) if (!seen.has(id) && !told.has(id)) this.#byId.delete(id);
      this.#list();
      this.failure = null;
    } catch (error) {
      if (run === this.#run) this.failure = toFailure(error);
    }
  }

  page(after: string | null) {
    return query(Servers, { first: pageSize, after });
  }

  /** Hears every change of a server; returns how to stop listening. */
  onEvent(listener: (event: ServerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps the gauges of all servers moving while someone looks at them. */
  watchGauges(): () => void {
    if (this.#watchers++ === 0) {
      const batch = perFrame<string, Gauges>((gauges) => {
        for (const [id, item] of gauges) this.#byId.get(id)?.measure(item);
      });
      const stop = subscribe(
        Metrics,
        {},
        {
          next: ({ fleetMetrics }) => {
            for (const item of fleetMetrics.items) batch.add(item.serverId, item);
          },
        },
      );
      this.#stopMetrics = () => {
        stop();
        batch.stop();
      };
    }
    return () => {
      if (--this.#watchers > 0) return;
      this.#stopMetrics?.();
      this.#stopMetrics = null;
    };
  }

  /** Fetches the last fifteen minutes of every server; from there on {@link watchGauges} carries them on. */
  async loadTrends(): Promise<void> {
    let after: string | null = null;
    do {
      const { data }: Awaited<ReturnType<typeof this.trendPage>> = await this.trendPage(after);
      for (const { id, sparkline } of data.servers.nodes) this.#byId.get(id)?.remember(sparkline);
      after = nextAfter(data.servers.pageInfo);
    } while (after !== null);
    for (const server of this.#byId.values()) server.beginTrends();
  }

  trendPage(after: string | null) {
    return query(Sparklines, { first: pageSize, after });
  }

  #apply(event: ServerEvent): void {
    this.#told.add(event.serverId);
    if (event.kind === 'DELETED') {
      this.#byId.delete(event.serverId);
      this.#list();
    } else if (event.server) {
      const known = this.#byId.has(event.serverId);
      this.#put(event.server);
      if (!known) {
        this.#byId.get(event.serverId)?.beginTrends();
        this.#list();
      }
    }
    for (const listener of this.#listeners) listener(event);
  }

  #put(row: ServerRow): void {
    const server = this.#byId.get(row.id);
    if (server) server.row = row;
    else this.#byId.set(row.id, new FleetServer(row));
  }

  #list(): void {
    this.servers = [...this.#byId.values()];
  }
}

export const fleet = new Fleet();

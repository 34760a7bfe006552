import { createContext } from 'svelte';
import { toFailure, type Failure } from '#lib/api/failure.ts';
import { query } from '#lib/api/operations.ts';
import { Containers } from '#lib/containers/containers.svelte.ts';
import { fleet } from '#lib/fleet/fleet.svelte.ts';
import { graphql } from '#lib/generated/gql.ts';
import type { ServerView_DetailQuery } from '#lib/generated/graphql.ts';
import { t } from '#lib/i18n.svelte.ts';
import { session } from '#lib/session.svelte.ts';

const Detail = graphql(`
  query ServerView_Detail($id: ID!) {
    server(id: $id) {
      ...Fleet_Row
      factsAt
      registeredAt
      clockSkewMs
      permissionProfile
      scopes
      effectiveScopes
      facts {
        kernel
        cpuModel
        cpuCount
        memoryBytes
        diskBytes
        bootedAt
        timezone
        virtualization
        runsAs
        supervisor
        nodeVersion
        docker {
          available
          version
          storageDriver
          error
        }
      }
    }
  }
`);

export type ServerDetail = NonNullable<ServerView_DetailQuery['server']>;

const [useServerView, setServerView] = createContext<ServerView>();
export { useServerView };

export function provideServer(view: ServerView): ServerView {
  return setServerView(view);
}

/** What the pages of one server share: its details, and its containers. */
export class ServerView {
  readonly id: string;
  readonly containers: Containers;
  detail = $state.raw<ServerDetail | null>(null);
  gone = $state(false);
  failure = $state.raw<Failure | null>(null);
  #run = 0;

  constructor(id: string) {
    this.id = id;
    this.containers = new Containers(id);
  }

  /** The same server as lists and menus see it: status, problems, gauges. Events may come before the list does. */
  get row(): ServerDetail | NonNullable<ReturnType<typeof fleet.get>>['row'] {
    const row = fleet.get(this.id)?.row ?? this.detail;
    if (!row) throw new Error('The server has not been read yet.');
    return row;
  }

  get online(): boolean {
    return (fleet.get(this.id)?.row ?? this.detail)?.connection === 'ONLINE';
  }

  /** Whether containers are still to come. A server that never joined tells nothing, not even that it has none. */
  get waitsForContainers(): boolean {
    const { loaded, failure } = this.containers;
    return !loaded && !failure && this.row.connection !== 'PENDING';
  }

  /** Whether a scope is held by the viewer and granted to this server. */
  may(scope: string): boolean {
    return session.may(scope) && this.#granted(scope);
  }

  /** Why something that needs the scope cannot be done here now; undefined when it can. */
  cannot(scope: string): string | undefined {
    if (!this.online) return t().server.needsAgent;
    return this.#granted(scope) ? undefined : t().server.notGranted(scope);
  }

  #granted(scope: string): boolean {
    return this.detail?.effectiveScopes.includes(scope) ?? false;
  }

  start(): () => void {
    void this.load();
    return fleet.onEvent(({ serverId, kind }) => {
      if (serverId !== this.id) return;
      if (kind === 'DELETED') {
        this.#run++;
        this.detail = null;
        this.gone = true;
      } else void this.load();
    });
  }

  /** Never throws; an answer that was overtaken by a later one is dropped. */
  async load(): Promise<void> {
    const run = ++this.#run;
    try {
      const { data } = await query(Detail, { id: this.id });
      if (run !== this.#run) return;
      this.detail = data.server ?? null;
      this.gone = this.detail === null;
      this.failure = null;
    } catch (error) {
      if (run === this.#run) this.failure = toFailure(error);
    }
  }
}

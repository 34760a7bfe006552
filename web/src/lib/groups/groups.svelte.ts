import type { Failure } from '../api/failure.ts';
import { subscribe } from '../api/operations.ts';
import { graphql } from '../generated/gql.ts';
import type { Groups_AllSubscription } from '../generated/graphql.ts';
import { asTree, idsWithin, type Branch } from './tree.ts';

const All = graphql(`
  subscription Groups_All {
    serverGroups {
      id
      name
      colour
      icon
      parentId
      position
      serverCount
    }
  }
`);

export type ServerGroup = Groups_AllSubscription['serverGroups'][number];

/** Every group that is seen, kept current while the dashboard is open. */
class Groups {
  list = $state.raw<readonly ServerGroup[]>([]);
  loaded = $state(false);
  failure = $state.raw<Failure | null>(null);
  readonly tree: readonly Branch<ServerGroup>[] = $derived(asTree(this.list));
  #paths = $derived(new Map(this.tree.map(({ group, path }) => [group.id, path])));

  get(id: string): ServerGroup | undefined {
    return this.list.find((group) => group.id === id);
  }

  /** The name after those it lies in; empty for one that is not seen. */
  path(id: string): string {
    return this.#paths.get(id) ?? '';
  }

  /** A group with all that lies in it. */
  within(id: string): ReadonlySet<string> {
    return idsWithin(this.list, id);
  }

  /**
   * Follows them until the returned function is called.
   * @param onlost - called when one is gone: what was in it lies elsewhere now
   */
  start(onlost: () => void): () => void {
    const stop = subscribe(
      All,
      {},
      {
        next: ({ serverGroups }) => {
          const ids = new Set(serverGroups.map(({ id }) => id));
          const lost = this.list.some(({ id }) => !ids.has(id));
          this.list = serverGroups;
          this.loaded = true;
          this.failure = null;
          if (lost) onlost();
        },
        failed: (failure) => (this.failure = failure),
      },
    );
    return () => {
      stop();
      this.list = [];
      this.loaded = false;
    };
  }
}

export const groups = new Groups();

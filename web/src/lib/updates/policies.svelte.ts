import { SvelteMap } from 'svelte/reactivity';
import { live } from '../api/live.svelte.ts';
import { query, subscribe } from '../api/operations.ts';
import type { ContainerRow } from '../containers/container.svelte.ts';
import type { UpdatePolicies_RowFragment } from '../generated/graphql.ts';
import { session } from '../session.svelte.ts';
import { Events, List } from './documents.ts';
import { identityKey, identityOf } from './identity.ts';

export type UpdatePolicy = UpdatePolicies_RowFragment;

const keyOf = ({ serverId, kind, name, composeService }: UpdatePolicy): string =>
  `${serverId} ${kind} ${identityKey(name, composeService)}`;

/** The update policies of all servers that are seen, as they are while somebody looks. */
class UpdatePolicies {
  loaded = $state(false);
  readonly #byTarget = new SvelteMap<string, UpdatePolicy>();
  readonly #targets = new Map<string, string>();
  #watchers = 0;
  #run = 0;
  /** Policies that were told of since the list was last asked for. */
  #told = new Set<string>();
  #stop: () => void = () => undefined;

  ofContainer(serverId: string, row: Pick<ContainerRow, 'name' | 'labels'>): UpdatePolicy | undefined {
    return this.#byTarget.get(`${serverId} CONTAINER ${identityOf(row)}`);
  }

  ofStack(serverId: string, name: string): UpdatePolicy | undefined {
    return this.#byTarget.get(`${serverId} STACK ${identityKey(name, null)}`);
  }

  get list(): readonly UpdatePolicy[] {
    return [...this.#byTarget.values()];
  }

  take(policy: UpdatePolicy): void {
    this.#told.add(policy.id);
    this.#put(policy);
  }

  #put(policy: UpdatePolicy): void {
    const key = keyOf(policy);
    if (this.#targets.get(policy.id) !== key) this.#forget(policy.id);
    this.#targets.set(policy.id, key);
    this.#byTarget.set(key, policy);
  }

  drop(id: string): void {
    this.#told.add(id);
    this.#forget(id);
  }

  #forget(id: string): void {
    const key = this.#targets.get(id);
    if (key === undefined) return;
    this.#targets.delete(id);
    this.#byTarget.delete(key);
  }

  /** @returns stops it */
  watch(): () => void {
    this.#watchers += 1;
    if (this.#watchers === 1) {
      this.#stop = subscribe(
        Events,
        {},
        {
          next: ({ updatePolicyEvents: { policyId, policy } }) =>
            policy ? this.take(policy) : this.drop(policyId),
        },
      );
      void this.#load();
    }
    return () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) this.#stop();
    };
  }

  async #load(): Promise<void> {
    const run = ++this.#run;
    const told = (this.#told = new Set());
    try {
      const { data } = await query(List, {});
      if (run !== this.#run) return;
      const known = new Set(data.updatePolicies.map(({ id }) => id));
      // The list may have been read before what was told meanwhile, and come after it.
      for (const id of this.#targets.keys()) if (!known.has(id) && !told.has(id)) this.#forget(id);
      for (const policy of data.updatePolicies) if (!told.has(policy.id)) this.#put(policy);
      this.loaded = true;
    } catch {
      // What a list shows beside its rows is not worth a message; the next connection asks again.
    }
  }
}

export const updatePolicies = new UpdatePolicies();

/** For a component that shows policies: keeps them up to date while it is there, and reads them again after a break. */
export function watchUpdatePolicies(): void {
  $effect(() => {
    if (live.connection === 0 || !session.may('docker:images:read')) return;
    return updatePolicies.watch();
  });
}

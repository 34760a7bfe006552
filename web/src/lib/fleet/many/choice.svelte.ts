import { toFailure, type Failure } from '../../api/failure.ts';
import { query } from '../../api/operations.ts';
import type { Many_PlacementQuery, PlacementExclusion, PlacementWork } from '../../generated/graphql.ts';
import { groups } from '../../groups/groups.svelte.ts';
import type { FleetServer } from '../fleet-server.svelte.ts';
import { fleet } from '../fleet.svelte.ts';
import { matchServers } from '../select.ts';
import { Placement } from './documents.ts';
import { selected, type Selection } from './selection.ts';

type PlacementOf = Many_PlacementQuery['proposePlacement'];
type Candidate = PlacementOf['candidates'][number];

/** What nothing can be done about here; the other reasons are words of caution. */
const hindrances: ReadonlySet<PlacementExclusion> = new Set(['OFFLINE', 'NO_DOCKER', 'NO_SCOPE']);

/** On which of many servers something is to be done, and how to go through them. */
export class ManyChoice {
  by = $state<Selection['by']>('servers');
  /** By their names, in the order in which to go. */
  chosen = $state.raw<readonly string[]>([]);
  /** What is looked for among the names. */
  wanted = $state('');
  tag = $state('');
  groupId = $state('');
  parallel = $state(1);
  onFailure = $state<'STOP' | 'CONTINUE'>('STOP');
  failure = $state.raw<Failure | null>(null);
  #placement = $state.raw<PlacementOf | null>(null);

  readonly #selection: Selection = $derived.by(() => {
    if (this.by === 'servers') return { by: this.by, serverIds: this.chosen };
    return this.by === 'tag' ? { by: this.by, tag: this.tag } : { by: this.by, groupId: this.groupId };
  });
  // As one text: what else changes of a server is no other choice.
  readonly #ids = $derived(selected(this.#selection, fleet.servers, (id) => groups.within(id)).join(' '));
  /** Those that are meant; they follow the tag or the group while nothing has begun. */
  readonly serverIds: readonly string[] = $derived(this.#ids === '' ? [] : this.#ids.split(' '));
  readonly #room = $derived(
    new Map(this.#placement?.candidates.map((one, place) => [one.serverId, { ...one, place }])),
  );
  readonly #reasons = $derived(
    new Map(this.#placement?.excluded.map(({ serverId, reason }) => [serverId, reason])),
  );

  /** Those that are found: with the most room first, then where that is not known, then where it cannot be done. */
  readonly offered: readonly FleetServer[] = $derived(
    matchServers(fleet.servers, this.wanted).toSorted((a, b) => this.#rank(a.id) - this.#rank(b.id)),
  );

  constructor(begin: {
    readonly serverId: string;
    readonly parallel: number;
    onFailure: 'STOP' | 'CONTINUE';
  }) {
    if (begin.serverId !== '') this.chosen = [begin.serverId];
    this.parallel = begin.parallel;
    this.onFailure = begin.onFailure;
  }

  /** Whether it is known which servers come into question. */
  get placed(): boolean {
    return this.#placement !== null;
  }

  /** What is free on a server, where that was measured lately. */
  room(serverId: string): Candidate | undefined {
    return this.#room.get(serverId);
  }

  /** What speaks against a server, if anything does. Whether it is online is as of now. */
  reason(serverId: string): PlacementExclusion | undefined {
    if (fleet.get(serverId)?.online !== true) return 'OFFLINE';
    const reason = this.#reasons.get(serverId);
    return reason === 'OFFLINE' ? undefined : reason;
  }

  /** Why it cannot be done there at all. */
  hindrance(serverId: string): PlacementExclusion | undefined {
    const reason = this.reason(serverId);
    return reason && hindrances.has(reason) ? reason : undefined;
  }

  /** Chooses those that are found as well, as far as it can be done there. */
  chooseOffered(): void {
    const found = this.offered.map(({ id }) => id).filter((id) => this.hindrance(id) === undefined);
    this.chosen = [...new Set([...this.chosen, ...found])];
  }

  #rank(serverId: string): number {
    if (this.hindrance(serverId) !== undefined) return Number.MAX_SAFE_INTEGER;
    return this.#room.get(serverId)?.place ?? Number.MAX_SAFE_INTEGER - 1;
  }

  /** Finds out which servers come into question, and why the others do not. Never throws. */
  async place(work: PlacementWork): Promise<void> {
    try {
      this.#placement = (await query(Placement, { input: { work } })).data.proposePlacement;
    } catch (error) {
      this.failure = toFailure(error);
    }
  }
}

import { toFailure, type Failure } from '../api/failure.ts';
import { query } from '../api/operations.ts';
import type { Stacks_PlacementQuery, Stacks_PlanManyQuery } from '../generated/graphql.ts';
import { Placement, PlanMany } from './documents.ts';
import type { StackFiles } from './stack.svelte.ts';

export type ManyPlan = Stacks_PlanManyQuery['planFleetDeployment'][number];
export type PlacementOf = Stacks_PlacementQuery['proposePlacement'];

/** By their names or by what they have in common. */
export type Selection =
  | { readonly by: 'servers'; readonly serverIds: readonly string[] }
  | { readonly by: 'tag'; readonly tag: string }
  | { readonly by: 'group'; readonly groupId: string };

/** Whether it would come up there, as far as a plan can tell. */
export function isGood({ plan }: ManyPlan): boolean {
  return plan !== null && plan.problems.length === 0 && plan.denied === null;
}

export function isNone(selection: Selection): boolean {
  switch (selection.by) {
    case 'servers':
      return selection.serverIds.length === 0;
    case 'tag':
      return selection.tag === '';
    case 'group':
      return selection.groupId === '';
  }
}

function inputOf(selection: Selection) {
  switch (selection.by) {
    case 'servers':
      return { serverIds: [...selection.serverIds] };
    case 'tag':
      return { filter: { tags: [selection.tag] } };
    case 'group':
      return { filter: { groupId: selection.groupId } };
  }
}

/** What deploying to many servers would do on each of them; the newest selection counts. */
export class ManyPlanner {
  plans = $state.raw<readonly ManyPlan[]>([]);
  placement = $state.raw<PlacementOf | null>(null);
  busy = $state(false);
  failure = $state.raw<Failure | null>(null);
  #run = 0;

  /** Which servers come into question, and why the others do not. Never throws. */
  async place(): Promise<void> {
    try {
      this.placement = (await query(Placement, { input: {} })).data.proposePlacement;
    } catch (error) {
      this.failure = toFailure(error);
    }
  }

  /** Never throws. */
  async plan(selection: Selection, name: string, files: StackFiles): Promise<void> {
    const run = ++this.#run;
    this.plans = [];
    this.failure = null;
    this.busy = !isNone(selection);
    if (!this.busy) return;
    try {
      const { data } = await query(PlanMany, { input: { ...inputOf(selection), name, files } });
      if (run === this.#run) this.plans = data.planFleetDeployment;
    } catch (error) {
      if (run === this.#run) this.failure = toFailure(error);
    } finally {
      if (run === this.#run) this.busy = false;
    }
  }
}

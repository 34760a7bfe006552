import { toFailure, type Failure } from '../api/failure.ts';
import { query } from '../api/operations.ts';
import type { Stacks_PlanManyQuery } from '../generated/graphql.ts';
import { PlanMany } from './documents.ts';
import type { StackFiles } from './stack.svelte.ts';

export type ManyPlan = Stacks_PlanManyQuery['planFleetDeployment'][number];

/** Whether it would come up there, as far as a plan can tell. */
export function isGood({ plan }: ManyPlan): boolean {
  return plan !== null && plan.problems.length === 0 && plan.denied === null;
}

/** What deploying to many servers would do on each of them; the newest choice counts. */
export class ManyPlanner {
  plans = $state.raw<readonly ManyPlan[]>([]);
  busy = $state(false);
  failure = $state.raw<Failure | null>(null);
  #run = 0;

  /** Never throws. */
  async plan(serverIds: readonly string[], name: string, files: StackFiles): Promise<void> {
    const run = ++this.#run;
    this.plans = [];
    this.failure = null;
    this.busy = serverIds.length > 0;
    if (!this.busy) return;
    try {
      const { data } = await query(PlanMany, { input: { serverIds: [...serverIds], name, files } });
      if (run === this.#run) this.plans = data.planFleetDeployment;
    } catch (error) {
      if (run === this.#run) this.failure = toFailure(error);
    } finally {
      if (run === this.#run) this.busy = false;
    }
  }
}

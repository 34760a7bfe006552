import { toFailure, type Failure } from '../api/failure.ts';
import { partOf, query } from '../api/operations.ts';
import type { Stacks_PlanQuery } from '../generated/graphql.ts';
import { Plan } from './documents.ts';
import type { StackFiles } from './stack.svelte.ts';

export type StackPlan = NonNullable<NonNullable<Stacks_PlanQuery['server']>['stackPlan']>;
export type PlannedService = StackPlan['services'][number];

/** What deploying these files would do. @throws Failure */
export async function readPlan(serverId: string, name: string, files: StackFiles): Promise<StackPlan> {
  const { data, failures } = await query(Plan, { serverId, name, files });
  return partOf(data.server?.stackPlan, failures);
}

/** Somebody who writes is not asked after each letter: Compose takes its time. Milliseconds. */
const quietMs = 700;

interface Wanted {
  readonly serverId: string;
  readonly name: string;
  readonly files: StackFiles;
  /** The version that the files are compared with. */
  readonly base: number | null;
}

const keyOf = ({ serverId, name, files, base }: Wanted): string =>
  JSON.stringify([serverId, name, files.compose, files.env, base]);

/** Keeps asking what the files that are written would do; one question at a time. */
export class Planner {
  plan = $state.raw<StackPlan | null>(null);
  failure = $state.raw<Failure | null>(null);
  busy = $state(false);
  /** Of what the plan is. */
  #key = $state('');
  #wanted: Wanted | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;

  /** Whether the plan is of exactly these files. */
  covers(wanted: Wanted): boolean {
    return this.#key === keyOf(wanted);
  }

  /** Plans these next; what was wanted before and not asked yet is forgotten. */
  want(wanted: Wanted): void {
    clearTimeout(this.#timer);
    this.#wanted = null;
    // A question under way would put another plan in its place.
    if (this.covers(wanted) && !this.#asking) {
      this.busy = false;
      return;
    }
    this.busy = true;
    this.#wanted = wanted;
    this.#timer = setTimeout(() => void this.#ask(), this.plan ? quietMs : 0);
  }

  /** Plans the same again: what runs may have changed. */
  again(wanted: Wanted): void {
    this.#key = '';
    this.want(wanted);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#wanted = null;
    this.busy = false;
  }

  async #ask(): Promise<void> {
    const wanted = this.#wanted;
    if (this.#asking || !wanted) return;
    this.#wanted = null;
    this.#asking = true;
    try {
      this.plan = await readPlan(wanted.serverId, wanted.name, wanted.files);
      this.failure = null;
      this.#key = keyOf(wanted);
    } catch (error) {
      this.failure = toFailure(error);
      this.#key = '';
    } finally {
      this.#asking = false;
      if (this.#wanted) void this.#ask();
      else this.busy = false;
    }
  }
}

import { AgentError } from '../errors.ts';
import type { JobHandle } from '../jobs/job.ts';

/** Who changes a stack, as the control plane names them; null for the agent itself. */
type Holder = JobHandle['actor'] | null;

interface Held {
  readonly deed: string;
  readonly holder: Holder;
}

/** One change of a stack at a time: the second is told, and never waits to undo what the first did. */
export class StackLocks {
  readonly #held = new Map<string, Held>();

  /**
   * @param deed - what is done: "deployed"
   * @throws AgentError CONFLICT
   */
  async hold<Result>(
    name: string,
    deed: string,
    holder: Holder,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const other = this.#held.get(name);
    if (other) {
      throw new AgentError(
        'CONFLICT',
        `${name} is being ${other.deed} right now, ${causeOf(other.holder, holder)}. Look at it again when that has ended.`,
      );
    }
    this.#held.set(name, { deed, holder });
    try {
      return await work();
    } finally {
      this.#held.delete(name);
    }
  }
}

/** Others than who asked read it as well, so nobody is "you" in it. */
function causeOf(holder: Holder, asking: Holder): string {
  if (holder === null) return 'as the agent was ended in the middle of changing it';
  // What the control plane calls those that are nobody's account.
  if (holder === 'system') return 'as ServerKit does by itself';
  if (holder === 'anonymous') return 'as a webhook asked';
  return holder === asking ? 'as the same person asked already' : 'as somebody else asked';
}

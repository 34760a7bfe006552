import { AgentError } from '../errors.ts';

/** One change of a stack at a time: the second is told, and never waits to undo what the first did. */
export class StackLocks {
  readonly #held = new Map<string, string>();

  /**
   * @param deed - what is done: "deployed"
   * @throws AgentError CONFLICT
   */
  async hold<Result>(name: string, deed: string, work: () => Promise<Result>): Promise<Result> {
    const other = this.#held.get(name);
    if (other !== undefined) {
      throw new AgentError(
        'CONFLICT',
        `${name} is being ${other} right now by somebody else. Look at it again when that has ended.`,
      );
    }
    this.#held.set(name, deed);
    try {
      return await work();
    } finally {
      this.#held.delete(name);
    }
  }
}

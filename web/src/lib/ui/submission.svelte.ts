import { fieldErrors, sentence } from '#lib/errors.ts';

/** One attempt after the other to send a form: whether one is under way, and what was wrong with the last. */
export class Submission {
  busy = $state(false);
  /** A sentence; empty when all is well. */
  problem = $state('');
  /** What is wrong with single fields, by their names. */
  fields = $state.raw<Readonly<Record<string, string>>>({});

  clear(): void {
    this.problem = '';
    this.fields = {};
  }

  /**
   * Runs the work unless some is under way; keeps what it throws. Answers whether it succeeded.
   * @param shows - fields that show what is wrong with them themselves: no sentence is needed about these
   */
  async run(work: () => Promise<void>, shows: readonly string[] = []): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.clear();
    try {
      await work();
      return true;
    } catch (error) {
      this.fields = fieldErrors(error);
      const named = Object.keys(this.fields);
      const seen = named.length > 0 && named.every((name) => shows.includes(name));
      this.problem = seen ? '' : sentence(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

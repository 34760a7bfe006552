import { query } from '../api/operations.ts';
import type { Terminals_InContainersQuery } from '../generated/graphql.ts';
import { documentsOf, type TerminalPlace } from './documents.ts';

export type ListedTerminal = NonNullable<Terminals_InContainersQuery['terminals']>[number];

/** The terminals that are open in one place of a server, for whoever may join one. */
export class OpenTerminals {
  list = $state.raw<readonly ListedTerminal[]>([]);
  #run = 0;

  /** Never throws: none are offered where they cannot be asked for. What was asked last counts. */
  async load(place: TerminalPlace, serverId: string): Promise<void> {
    const run = ++this.#run;
    let found: readonly ListedTerminal[] = [];
    try {
      found = (await query(documentsOf[place].list, { serverId })).data.terminals ?? [];
    } catch {
      // A terminal of one's own can be opened all the same.
    }
    if (run === this.#run) this.list = found;
  }
}

import { query } from '../api/operations.ts';
import { sentence } from '../errors.ts';
import type { Recordings_ListQuery } from '../generated/graphql.ts';
import { List } from './documents.ts';

export type Recording = Recordings_ListQuery['terminalRecordings']['nodes'][number];

const pageSize = 50;

/** Recordings of terminals, the newest first. */
export class RecordingList {
  recordings = $state.raw<readonly Recording[] | null>(null);
  busy = $state(false);
  problem = $state('');
  #next = $state<string | null>(null);
  #serverId = '';
  #run = 0;

  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** @param serverId - of one server; of all when empty */
  async load(serverId: string): Promise<void> {
    this.#serverId = serverId;
    await this.#page(null);
  }

  async more(): Promise<void> {
    await this.#page(this.#next);
  }

  async #page(after: string | null): Promise<void> {
    const run = ++this.#run;
    this.busy = true;
    try {
      const { data } = await query(List, { first: pageSize, after, serverId: this.#serverId || null });
      if (run !== this.#run) return;
      const { nodes, pageInfo } = data.terminalRecordings;
      this.recordings = after === null ? nodes : [...(this.recordings ?? []), ...nodes];
      this.#next = pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null;
      this.problem = '';
    } catch (error) {
      if (run === this.#run) this.problem = sentence(error);
    } finally {
      if (run === this.#run) this.busy = false;
    }
  }
}

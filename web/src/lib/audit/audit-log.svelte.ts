import { query } from '../api/operations.ts';
import { sentence } from '../errors.ts';
import type { Audit_EventFragment, AuditEventFilter } from '../generated/graphql.ts';
import { List } from './documents.ts';

export type AuditEvent = Audit_EventFragment;

const pageSize = 50;

/** Events as they are read page by page, the newest first. */
export class AuditLog {
  events = $state.raw<readonly AuditEvent[] | null>(null);
  busy = $state(false);
  problem = $state('');
  #next = $state<string | null>(null);
  #filter: AuditEventFilter = {};
  #run = 0;

  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** From the newest on. */
  async load(filter: AuditEventFilter): Promise<void> {
    this.#filter = filter;
    await this.#page(null);
  }

  async more(): Promise<void> {
    await this.#page(this.#next);
  }

  async #page(after: string | null): Promise<void> {
    const run = ++this.#run;
    this.busy = true;
    try {
      const { data } = await query(List, { first: pageSize, after, filter: this.#filter });
      if (run !== this.#run) return;
      const { nodes, pageInfo } = data.auditEvents;
      this.events = after === null ? nodes : [...(this.events ?? []), ...nodes];
      this.#next = pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null;
      this.problem = '';
    } catch (error) {
      if (run === this.#run) this.problem = sentence(error);
    } finally {
      if (run === this.#run) this.busy = false;
    }
  }
}

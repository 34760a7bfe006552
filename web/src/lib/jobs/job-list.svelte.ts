import { query, subscribe } from '../api/operations.ts';
import { sentence } from '../errors.ts';
import type { JobFilter } from '../generated/graphql.ts';
import { Changes, List } from './documents.ts';
import type { Job } from './job-text.ts';
import { fits } from './jobs-state.ts';

const pageSize = 50;

/** Jobs, the newest first, as they begin, go on and end. */
export class JobList {
  jobs = $state.raw<readonly Job[] | null>(null);
  busy = $state(false);
  problem = $state('');
  #next = $state<string | null>(null);
  #filter: JobFilter = {};
  #run = 0;

  get hasMore(): boolean {
    return this.#next !== null;
  }

  async load(filter: JobFilter): Promise<void> {
    this.#filter = filter;
    await this.#page(null);
  }

  async more(): Promise<void> {
    await this.#page(this.#next);
  }

  /** @returns stops it */
  watch(): () => void {
    return subscribe(Changes, {}, { next: ({ jobChanges }) => this.#take(jobChanges) });
  }

  #take(job: Job): void {
    if (!this.jobs) return;
    const rest = this.jobs.filter(({ id }) => id !== job.id);
    if (!fits(job, this.#filter)) this.jobs = rest;
    else if (rest.length < this.jobs.length) {
      this.jobs = this.jobs.map((known) => (known.id === job.id ? job : known));
    } else this.jobs = [job, ...rest].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  }

  async #page(after: string | null): Promise<void> {
    const run = ++this.#run;
    this.busy = true;
    try {
      const { data } = await query(List, { first: pageSize, after, filter: this.#filter });
      if (run !== this.#run) return;
      const { nodes, pageInfo } = data.jobs;
      this.jobs = after === null ? nodes : [...(this.jobs ?? []), ...nodes];
      this.#next = pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null;
      this.problem = '';
    } catch (error) {
      if (run === this.#run) this.problem = sentence(error);
    } finally {
      if (run === this.#run) this.busy = false;
    }
  }
}

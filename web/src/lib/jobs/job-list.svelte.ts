import { query, subscribe } from '../api/operations.ts';
import { Pages } from '../api/pages.svelte.ts';
import type { JobFilter } from '../generated/graphql.ts';
import { Changes, List } from './documents.ts';
import type { Job } from './job-text.ts';
import { fits } from './jobs-state.ts';

/** Jobs, the newest first, as they begin, go on and end. */
export class JobList extends Pages<JobFilter, Job> {
  constructor() {
    super({}, async (filter, page) => (await query(List, { ...page, filter })).data.jobs);
  }

  /** @returns stops it */
  watch(): () => void {
    return subscribe(Changes, {}, { next: ({ jobChanges }) => this.#take(jobChanges) });
  }

  #take(job: Job): void {
    if (!this.items) return;
    const rest = this.items.filter(({ id }) => id !== job.id);
    if (!fits(job, this.filter)) this.items = rest;
    else if (rest.length < this.items.length) {
      this.items = this.items.map((known) => (known.id === job.id ? job : known));
    } else this.items = [job, ...rest].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  }
}

import { query, subscribe } from '../api/operations.ts';
import { Pages } from '../api/pages.svelte.ts';
import type { JobFilter } from '../generated/graphql.ts';
import { Changes, List } from './documents.ts';
import type { Job } from './job-text.ts';
import { fits } from './jobs-state.ts';

/** Jobs, the newest first, as they begin, go on and end. */
export class JobList extends Pages<JobFilter, Job> {
  /** What is told of jobs while a page is asked for. */
  #told: Map<string, Job> | null = null;

  constructor() {
    super({}, async (filter, page) => (await query(List, { ...page, filter })).data.jobs);
  }

  /** @returns stops it */
  watch(): () => void {
    return subscribe(Changes, {}, { next: ({ jobChanges }) => this.#take(jobChanges) });
  }

  #take(job: Job): void {
    this.#told?.set(job.id, job);
    if (this.items) this.items = this.#with(job, this.items);
  }

  protected override asking(): void {
    this.#told = new Map();
  }

  /** The page may have been read before what was told meanwhile, and come after it. */
  protected override joined(before: readonly Job[], page: readonly Job[]): readonly Job[] {
    const known = new Set(before.map(({ id }) => id));
    let all: readonly Job[] = [...before, ...page.filter(({ id }) => !known.has(id))];
    for (const job of this.#told?.values() ?? []) all = this.#with(job, all);
    this.#told = null;
    return all;
  }

  #with(job: Job, list: readonly Job[]): readonly Job[] {
    const rest = list.filter(({ id }) => id !== job.id);
    if (!fits(job, this.filter)) return rest;
    if (rest.length < list.length) return list.map((known) => (known.id === job.id ? job : known));
    return [job, ...rest].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  }
}

import type { Engine } from './expression.ts';
import { matcher, matches, type Matcher, type Pattern, type Query } from './search.ts';
import type { LogLine } from './splitter.ts';

/** Lines tested before the page gets a breath. */
const atOnce = 5_000;

/** What is looked for in a log, and which lines have it. New lines are tested as they come, old ones once. */
export class LogSearch {
  query = $state.raw<Query>({ text: '', regex: false, matchCase: false });
  /** What reads expressions; loaded with the first of them. */
  #engine = $state.raw<Engine | null>(null);
  matcher = $derived<Matcher | null>(matcher(this.query, this.#engine));
  /** Grows when hits were added. */
  version = $state(0);
  readonly hits = new Set<number>();
  #tested = -1;
  #frame = 0;

  get pattern(): Pattern | null {
    return this.matcher && 'pattern' in this.matcher ? this.matcher.pattern : null;
  }

  get error(): string {
    return this.matcher && 'error' in this.matcher ? this.matcher.error : '';
  }

  /** Looks for something else. */
  look(query: Query): void {
    this.query = query;
    if (query.regex && !this.#engine)
      void import('./expression.ts').then((it) => (this.#engine = it.expression));
  }

  /** Begins anew: another query, or another log. */
  reset(): void {
    cancelAnimationFrame(this.#frame);
    this.hits.clear();
    this.#tested = -1;
    this.version++;
  }

  /** Tests the lines that were not tested yet; goes on by itself when there are many. */
  scan(lines: readonly LogLine[]): void {
    cancelAnimationFrame(this.#frame);
    const { pattern } = this;
    if (!pattern) return;
    const untested = lines.filter(({ id }) => id > this.#tested).toSorted((a, b) => a.id - b.id);
    const before = this.hits.size;
    for (const { id, text } of untested.slice(0, atOnce)) {
      if (matches(pattern, text)) this.hits.add(id);
      this.#tested = id;
    }
    if (this.hits.size !== before) this.version++;
    if (untested.length > atOnce) this.#frame = requestAnimationFrame(() => this.scan(lines));
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
  }
}

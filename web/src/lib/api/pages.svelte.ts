import { sentence } from '../errors.ts';

/** What says where the next page of a connection begins. */
export interface PageInfo {
  readonly hasNextPage: boolean;
  readonly endCursor?: string | null;
}

export interface Page<Item> {
  readonly nodes: readonly Item[];
  readonly pageInfo: PageInfo;
}

type Read<Filter, Item> = (
  filter: Filter,
  page: { readonly first: number; readonly after: string | null },
) => Promise<Page<Item>>;

const pageSize = 50;

/** What to ask for the next page with; null behind the last one. */
export const nextAfter = ({ hasNextPage, endCursor }: PageInfo): string | null =>
  hasNextPage ? (endCursor ?? null) : null;

/** A list that is read page by page as somebody wants to see more of it. */
export class Pages<Filter, Item> {
  /** Null before the first answer. */
  items = $state.raw<readonly Item[] | null>(null);
  busy = $state(false);
  /** Why the last attempt failed, as a sentence; empty when it did not. */
  problem = $state('');
  /** What is wanted at present. */
  protected filter: Filter;
  readonly #read: Read<Filter, Item>;
  readonly #size: number;
  #next = $state<string | null>(null);
  /** Where the page began that was asked for last. */
  #asked: string | null = null;
  #run = 0;

  /**
   * @param none - the filter that keeps everything
   * @param size - how many are asked for at once
   */
  constructor(none: Filter, read: Read<Filter, Item>, size = pageSize) {
    this.filter = none;
    this.#read = read;
    this.#size = size;
  }

  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** From the begin on. Never throws; an answer that was overtaken by a later one is dropped. */
  async load(filter: Filter): Promise<void> {
    this.filter = filter;
    await this.#page(null);
  }

  async more(): Promise<void> {
    await this.#page(this.#next);
  }

  /** What was tried last, once more. */
  async again(): Promise<void> {
    await this.#page(this.#asked);
  }

  /** Is called as a page is asked for. */
  protected asking(): void {}

  /** The pages before and one that was read. */
  protected joined(before: readonly Item[], page: readonly Item[]): readonly Item[] {
    return [...before, ...page];
  }

  async #page(after: string | null): Promise<void> {
    this.#asked = after;
    const run = ++this.#run;
    this.asking();
    this.busy = true;
    try {
      const { nodes, pageInfo } = await this.#read(this.filter, { first: this.#size, after });
      if (run !== this.#run) return;
      this.items = this.joined(after === null ? [] : (this.items ?? []), nodes);
      this.#next = nextAfter(pageInfo);
      this.problem = '';
    } catch (error) {
      if (run === this.#run) this.problem = sentence(error);
    } finally {
      if (run === this.#run) this.busy = false;
    }
  }
}

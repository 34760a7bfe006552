import { toFailure, type Failure } from '../api/failure.ts';
import { nextAfter, type PageInfo } from '../api/pages.svelte.ts';

/** Something of Docker's where it is. */
export interface Entry<Row> {
  /** Of no other one on any server. */
  readonly key: string;
  readonly serverId: string;
  readonly row: Row;
}

/** A server that a list of the fleet had no answer from. */
interface Unanswered {
  readonly serverId: string;
  readonly code: string;
  readonly message: string;
}

export interface Found<Row> {
  readonly list: readonly Entry<Row>[];
  readonly unanswered: readonly Unanswered[];
}

/** A list of one server, or of all of them, as it was when it was last read. */
export class Listing<Row> {
  list = $state.raw<readonly Entry<Row>[]>([]);
  loaded = $state(false);
  loading = $state(false);
  failure = $state.raw<Failure | null>(null);
  /** Servers whose part is missing in the list. */
  unanswered = $state.raw<readonly Unanswered[]>([]);

  readonly #read: () => Promise<Found<Row>>;
  #run = 0;

  constructor(read: () => Promise<Found<Row>>) {
    this.#read = read;
  }

  /** Never throws; an answer that was overtaken by a later one is dropped. */
  async load(): Promise<void> {
    const run = ++this.#run;
    this.loading = true;
    try {
      const found = await this.#read();
      if (run !== this.#run) return;
      this.list = found.list;
      this.unanswered = found.unanswered;
      this.failure = null;
      this.loaded = true;
    } catch (error) {
      if (run === this.#run) this.failure = toFailure(error);
    } finally {
      if (run === this.#run) this.loading = false;
    }
  }
}

interface Page<Node> {
  readonly pageInfo: PageInfo;
  readonly nodes: readonly Node[];
  readonly unanswered: readonly Unanswered[];
}

/** All pages of a list of the fleet as one. */
export async function allOf<Node, Row>(
  ask: (after: string | null) => Promise<Page<Node>>,
  entryOf: (node: Node) => Entry<Row>,
): Promise<Found<Row>> {
  const list: Entry<Row>[] = [];
  const unanswered = new Map<string, Unanswered>();
  let after: string | null = null;
  do {
    const page: Page<Node> = await ask(after);
    list.push(...page.nodes.map(entryOf));
    for (const one of page.unanswered) unanswered.set(one.serverId, one);
    after = nextAfter(page.pageInfo);
  } while (after !== null);
  return { list, unanswered: [...unanswered.values()] };
}

import { Failure, toFailure } from '../api/failure.ts';
import { query } from '../api/operations.ts';
import type { Images_RowFragment, Images_OfFleetQuery } from '../generated/graphql.ts';
import { OfFleet, OfServer } from './documents.ts';

/** An image where it is. */
export interface ImageEntry {
  /** Of no other image on any server. */
  readonly key: string;
  readonly serverId: string;
  readonly row: Images_RowFragment;
}

export type Unanswered = Images_OfFleetQuery['images']['unanswered'][number];

const entryOf = (serverId: string, row: Images_RowFragment): ImageEntry => ({
  key: `${serverId}/${row.id}`,
  serverId,
  row,
});

/** The images of one server, or of all of them, as they were when they were last read. */
export class Images {
  list = $state.raw<readonly ImageEntry[]>([]);
  loaded = $state(false);
  loading = $state(false);
  failure = $state.raw<Failure | null>(null);
  /** Servers whose images are missing in the list. */
  unanswered = $state.raw<readonly Unanswered[]>([]);

  readonly #serverId: string | null;
  #run = 0;

  constructor(serverId: string | null) {
    this.#serverId = serverId;
  }

  /** Never throws; an answer that was overtaken by a later one is dropped. */
  async load(): Promise<void> {
    const run = ++this.#run;
    this.loading = true;
    try {
      const found = this.#serverId === null ? await ofFleet() : await ofServer(this.#serverId);
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

interface Found {
  readonly list: readonly ImageEntry[];
  readonly unanswered: readonly Unanswered[];
}

async function ofServer(serverId: string): Promise<Found> {
  const { data, failures } = await query(OfServer, { serverId });
  const rows = data.server?.images;
  if (!rows) throw failures[0] ?? new Failure('NOT_FOUND', 'There is no such server.');
  return { list: rows.map((row) => entryOf(serverId, row)), unanswered: [] };
}

async function ofFleet(): Promise<Found> {
  const list: ImageEntry[] = [];
  const unanswered = new Map<string, Unanswered>();
  let after: string | null = null;
  do {
    const { images }: Images_OfFleetQuery = (await query(OfFleet, { after })).data;
    list.push(...images.nodes.map((row) => entryOf(row.server.id, row)));
    for (const one of images.unanswered) unanswered.set(one.serverId, one);
    after = images.pageInfo.hasNextPage ? (images.pageInfo.endCursor ?? null) : null;
  } while (after !== null);
  return { list, unanswered: [...unanswered.values()] };
}

import { SvelteMap } from 'svelte/reactivity';
import { Failure, toFailure } from '../api/failure.ts';
import { query } from '../api/operations.ts';
import { graphql } from '../generated/gql.ts';
import type { ImageUpdateState } from '../generated/graphql.ts';
import type { ImageEntry } from './images.ts';

const Check = graphql(`
  query ImageUpdates_Check($serverId: ID!, $references: [String!]!) {
    server(id: $serverId) {
      imageUpdates(references: $references) {
        reference
        state
        error {
          code
          message
        }
      }
    }
  }
`);

/** What one request may ask about. */
const atOnce = 50;

/** What a registry has under a tag, against what lies on the server. */
export interface TagUpdate {
  readonly state: ImageUpdateState;
  /** Why it is not known. */
  readonly failure: Failure | undefined;
}

/** What the registries said when they were last asked, by server and tag. Only asked when somebody wants to know. */
export class ImageUpdates {
  checking = $state(false);
  readonly #found = new SvelteMap<string, TagUpdate>();

  /** What is known of an image's tags. */
  of({ serverId, row }: ImageEntry): readonly (TagUpdate & { readonly tag: string })[] {
    return row.tags.flatMap((tag) => {
      const update = this.#found.get(`${serverId}/${tag}`);
      return update ? [{ tag, ...update }] : [];
    });
  }

  /** The first tag of an image that has something newer. */
  newerTag(entry: ImageEntry): string | undefined {
    return this.of(entry).find(({ state }) => state === 'NEWER')?.tag;
  }

  /** Another image has this tag now, or none has. */
  forget(serverId: string, tag: string): void {
    this.#found.delete(`${serverId}/${tag}`);
  }

  /**
   * Asks about all tags of these images. Never throws: a server that does not answer leaves its tags unknown.
   *
   * @returns how many tags have something newer, and of how many it is not known
   */
  async check(entries: readonly ImageEntry[]): Promise<{ newer: number; unknown: number }> {
    this.checking = true;
    const tags = Map.groupBy(
      entries.flatMap(({ serverId, row }) => row.tags.map((tag) => ({ serverId, tag }))),
      ({ serverId }) => serverId,
    );
    const counts = { newer: 0, unknown: 0 };
    const tell = (serverId: string, tag: string, update: TagUpdate) => {
      if (update.state === 'NEWER') counts.newer += 1;
      if (update.state === 'UNKNOWN') counts.unknown += 1;
      this.#found.set(`${serverId}/${tag}`, update);
    };
    await Promise.all(
      [...tags].map(async ([serverId, all]) => {
        for (let from = 0; from < all.length; from += atOnce) {
          const references = all.slice(from, from + atOnce).map(({ tag }) => tag);
          for (const [tag, update] of await ask(serverId, references)) tell(serverId, tag, update);
        }
      }),
    );
    this.checking = false;
    return counts;
  }
}

async function ask(serverId: string, references: string[]): Promise<[string, TagUpdate][]> {
  const unknown = (failure: Failure): [string, TagUpdate][] =>
    references.map((tag) => [tag, { state: 'UNKNOWN', failure }]);
  try {
    const { data, failures } = await query(Check, { serverId, references });
    const updates = data.server?.imageUpdates;
    if (!updates) return unknown(failures[0] ?? new Failure('NOT_FOUND', 'There is no such server.'));
    return updates.map(({ reference, state, error }) => [
      reference,
      { state, failure: error ? new Failure(error.code, error.message) : undefined },
    ]);
  } catch (error) {
    return unknown(toFailure(error));
  }
}

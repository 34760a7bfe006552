import { query } from '../api/operations.ts';
import { nextAfter } from '../api/pages.svelte.ts';
import { graphql } from '../generated/gql.ts';
import type { ImageHolders_NamedQuery } from '../generated/graphql.ts';

const Named = graphql(`
  query ImageHolders_Named($after: String, $filter: FleetImageFilter!) {
    images(first: 500, after: $after, filter: $filter) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        server {
          id
        }
      }
      unanswered {
        serverId
      }
    }
  }
`);

/** Somebody who writes a name is not asked about after each letter. Milliseconds. */
const quietMs = 400;

/** Which servers have an image of a name already, as far as they tell. */
export class ImageHolders {
  /** By server; one that did not tell, or was not asked yet, is missing. */
  known = $state.raw<ReadonlyMap<string, boolean>>(new Map());
  #timer: ReturnType<typeof setTimeout> | undefined;
  #run = 0;

  /** Asks these servers once nothing else is wanted for a moment. */
  want(reference: string, serverIds: readonly string[]): void {
    this.stop();
    this.known = new Map();
    if (reference === '' || serverIds.length === 0) return;
    this.#timer = setTimeout(() => void this.#ask(reference, serverIds), quietMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#run++;
  }

  /** Never throws: who cannot be asked stays unknown, and nothing depends on it. */
  async #ask(reference: string, serverIds: readonly string[]): Promise<void> {
    const run = this.#run;
    const filter = { serverIds: [...serverIds], reference };
    const known = new Map(serverIds.map((id) => [id, false]));
    let after: string | null = null;
    try {
      do {
        const { images }: ImageHolders_NamedQuery = (await query(Named, { after, filter })).data;
        for (const { server } of images.nodes) known.set(server.id, true);
        for (const { serverId } of images.unanswered) known.delete(serverId);
        after = nextAfter(images.pageInfo);
      } while (after !== null);
    } catch {
      return;
    }
    if (run === this.#run) this.known = known;
  }
}

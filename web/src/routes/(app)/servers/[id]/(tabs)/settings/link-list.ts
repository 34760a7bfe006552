import { query } from '#lib/api/operations.ts';
import { Pages } from '#lib/api/pages.svelte.ts';
import { graphql } from '#lib/generated/gql.ts';
import type { LinkSessions_ListQuery } from '#lib/generated/graphql.ts';

const List = graphql(`
  query LinkSessions_List($id: ID!, $first: Int!, $after: String) {
    server(id: $id) {
      linkSessions(first: $first, after: $after) {
        nodes {
          id
          address
          agentVersion
          connectedAt
          endedAt
          endCode
          endReason
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

export type Link = NonNullable<LinkSessions_ListQuery['server']>['linkSessions']['nodes'][number];

/** The list stands among other settings. */
const few = 10;

/** The links of a server, by its id, the newest first. */
export function linkList(): Pages<string, Link> {
  return new Pages<string, Link>(
    '',
    async (id, page) => {
      const { data } = await query(List, { id, ...page });
      // It was deleted, which its page tells.
      return data.server?.linkSessions ?? { nodes: [], pageInfo: { hasNextPage: false } };
    },
    few,
  );
}

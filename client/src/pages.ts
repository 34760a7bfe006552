import type { Client, RequestOptions } from './client.ts';
import {
  ContainersDocument,
  ServersDocument,
  type ContainersQuery,
  type ContainersQueryVariables,
  type ServersQuery,
  type ServersQueryVariables,
} from './generated/operations.ts';

/** The most that one page may hold. */
const pageSize = 500;

/** A page of a connection, as the API has them. */
export interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/**
 * Every entry of a list, page by page: the next page is asked for when it is needed.
 *
 * @param load - asks for the page after a cursor; null for the first
 * @yields the entries in their order
 */
export async function* pages<Node>(
  load: (after: string | null) => Promise<Page<Node>>,
): AsyncGenerator<Node, undefined> {
  let after: string | null = null;
  do {
    const { nodes, pageInfo }: Page<Node> = await load(after);
    yield* nodes;
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
}

type Listed = ServersQuery['servers']['nodes'][number];
type ListedContainer = ContainersQuery['containers']['nodes'][number];

/** Every server, by name unless sorted otherwise. Scope: servers:read. */
export function allServers(
  client: Client,
  variables: Omit<ServersQueryVariables, 'first' | 'after'> = {},
  options?: RequestOptions,
): AsyncGenerator<Listed, undefined> {
  return pages(async (after) => {
    const { servers } = await client.request(
      ServersDocument,
      { ...variables, first: pageSize, after },
      options,
    );
    return servers;
  });
}

/** Every container of the fleet as last seen, by server and name. Scope: docker:containers:read. */
export function allContainers(
  client: Client,
  variables: Omit<ContainersQueryVariables, 'first' | 'after'> = {},
  options?: RequestOptions,
): AsyncGenerator<ListedContainer, undefined> {
  return pages(async (after) => {
    const { containers } = await client.request(
      ContainersDocument,
      { ...variables, first: pageSize, after },
      options,
    );
    return containers;
  });
}

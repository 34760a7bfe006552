import { partOf, query } from '../api/operations.ts';
import { allOf, type Entry, type Found } from '../docker/listing.svelte.ts';
import { graphql } from '../generated/gql.ts';
import type { Networks_RowFragment } from '../generated/graphql.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const Row = graphql(`
  fragment Networks_Row on Network {
    id
    name
    driver
    createdAt
    internal
    attachable
    ipv6
    scope
    builtIn
    subnets {
      subnet
      gateway
      ipRange
    }
    labels {
      key
      value
    }
    options {
      key
      value
    }
    users {
      containerId
      containerName
      running
      ipv4
      ipv6
      mac
    }
  }
`);

const OfServer = graphql(`
  query Networks_OfServer($serverId: ID!) {
    server(id: $serverId) {
      networks {
        ...Networks_Row
      }
    }
  }
`);

const OfFleet = graphql(`
  query Networks_OfFleet($after: String) {
    networks(first: 500, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ...Networks_Row
        serverId
      }
      unanswered {
        serverId
        code
        message
      }
    }
  }
`);

export type NetworkRow = Networks_RowFragment;
export type NetworkEntry = Entry<NetworkRow>;

const entryOf = (serverId: string, row: NetworkRow): NetworkEntry => ({
  key: `${serverId}/${row.id}`,
  serverId,
  row,
});

/** Those of one server, or of all. @throws Failure */
export async function readNetworks(serverId: string | null): Promise<Found<NetworkRow>> {
  if (serverId === null) {
    return allOf(
      async (after) => (await query(OfFleet, { after })).data.networks,
      (row) => entryOf(row.serverId, row),
    );
  }
  const { data, failures } = await query(OfServer, { serverId });
  const rows = partOf(data.server?.networks, failures);
  return { list: rows.map((row) => entryOf(serverId, row)), unanswered: [] };
}

export const subnetText = ({ subnets }: Pick<NetworkRow, 'subnets'>): string =>
  subnets.map(({ subnet }) => subnet).join(', ');

import { partOf, query } from '../api/operations.ts';
import { allOf, type Entry, type Found } from '../docker/listing.svelte.ts';
import { graphql } from '../generated/gql.ts';
import type { Volumes_RowFragment } from '../generated/graphql.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const Row = graphql(`
  fragment Volumes_Row on Volume {
    name
    driver
    scope
    mountpoint
    createdAt
    anonymous
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
      destination
      readOnly
    }
  }
`);

const OfServer = graphql(`
  query Volumes_OfServer($serverId: ID!) {
    server(id: $serverId) {
      volumes {
        ...Volumes_Row
      }
    }
  }
`);

const OfFleet = graphql(`
  query Volumes_OfFleet($after: String) {
    volumes(first: 500, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ...Volumes_Row
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

const Sizes = graphql(`
  query Volumes_Sizes($serverId: ID!) {
    server(id: $serverId) {
      volumeSizes {
        items {
          name
          sizeBytes
        }
      }
    }
  }
`);

export type VolumeRow = Volumes_RowFragment;
export type VolumeEntry = Entry<VolumeRow>;

export const keyOf = (serverId: string, name: string): string => `${serverId}/${name}`;

const entryOf = (serverId: string, row: VolumeRow): VolumeEntry => ({
  key: keyOf(serverId, row.name),
  serverId,
  row,
});

/** Those of one server, or of all. @throws Failure */
export async function readVolumes(serverId: string | null): Promise<Found<VolumeRow>> {
  if (serverId === null) {
    return allOf(
      async (after) => (await query(OfFleet, { after })).data.volumes,
      (row) => entryOf(row.serverId, row),
    );
  }
  const { data, failures } = await query(OfServer, { serverId });
  const rows = partOf(data.server?.volumes, failures);
  return { list: rows.map((row) => entryOf(serverId, row)), unanswered: [] };
}

/** Bytes by the volume's name; it may take long. @throws Failure */
export async function readSizes(serverId: string): Promise<ReadonlyMap<string, number | null>> {
  const { data, failures } = await query(Sizes, { serverId });
  const sizes = partOf(data.server?.volumeSizes, failures);
  return new Map(sizes.items.map(({ name, sizeBytes }) => [name, sizeBytes ?? null]));
}

/** What is shown of a name: that of an anonymous one as the docker command shortens ids. */
export function shownName({ name, anonymous }: Pick<VolumeRow, 'name' | 'anonymous'>): string {
  return anonymous && name.length === 64 ? name.slice(0, 12) : name;
}

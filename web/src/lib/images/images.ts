import { partOf, query } from '../api/operations.ts';
import { allOf, type Entry, type Found } from '../docker/listing.svelte.ts';
import type { Images_RowFragment } from '../generated/graphql.ts';
import { OfFleet, OfServer } from './documents.ts';

export type ImageEntry = Entry<Images_RowFragment>;

const entryOf = (serverId: string, row: Images_RowFragment): ImageEntry => ({
  key: `${serverId}/${row.id}`,
  serverId,
  row,
});

/** Those of one server, or of all. @throws Failure */
export async function readImages(serverId: string | null): Promise<Found<Images_RowFragment>> {
  if (serverId === null) {
    return allOf(
      async (after) => (await query(OfFleet, { after })).data.images,
      (row) => entryOf(row.server.id, row),
    );
  }
  const { data, failures } = await query(OfServer, { serverId });
  const rows = partOf(data.server?.images, failures);
  return { list: rows.map((row) => entryOf(serverId, row)), unanswered: [] };
}

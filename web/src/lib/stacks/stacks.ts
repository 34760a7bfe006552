import { partOf, query } from '../api/operations.ts';
import { allOf, type Entry, type Found } from '../docker/listing.svelte.ts';
import type { Stacks_RowFragment } from '../generated/graphql.ts';
import type { Look } from '../look.ts';
import { OfFleet, OfServer } from './documents.ts';
import { stackLook } from './stack-state.ts';

export interface StackRow extends Stacks_RowFragment {
  readonly look: Look;
}

export type StackEntry = Entry<StackRow>;

const entryOf = (serverId: string, row: Stacks_RowFragment): StackEntry => ({
  key: `${serverId}/${row.name}`,
  serverId,
  row: { ...row, look: stackLook(row) },
});

/** Those of one server, or of all. @throws Failure */
export async function readStacks(serverId: string | null): Promise<Found<StackRow>> {
  if (serverId === null) {
    return allOf(
      async (after) => (await query(OfFleet, { after })).data.stacks,
      ({ server, ...row }) => entryOf(server.id, row),
    );
  }
  const { data, failures } = await query(OfServer, { serverId });
  const rows = partOf(data.server?.stacks, failures);
  return { list: rows.map((row) => entryOf(serverId, row)), unanswered: [] };
}

export const stackHref = (serverId: string, name: string): string =>
  `/servers/${serverId}/stacks/${encodeURIComponent(name)}`;

export const newStackHref = (serverId?: string): string =>
  serverId === undefined ? '/docker/stacks/new' : `/docker/stacks/new?server=${serverId}`;

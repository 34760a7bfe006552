import { Failure } from '../api/failure.ts';
import { query } from '../api/operations.ts';
import { allOf, type Entry, type Found } from '../docker/listing.svelte.ts';
import type { Stacks_RowFragment } from '../generated/graphql.ts';
import { containerLook, type Look } from '../look.ts';
import { OfFleet, OfServer } from './documents.ts';

type Service = Stacks_RowFragment['services'][number];

export interface StackRow extends Stacks_RowFragment {
  readonly look: Look;
}

export type StackEntry = Entry<StackRow>;

/** Whether all containers of a service run. */
const runs = ({ containers }: Service): boolean => containers.every(({ state }) => state === 'RUNNING');

/** How many of its services run, and how many have containers. */
export function servicesOf({ services }: Pick<Stacks_RowFragment, 'services'>): {
  readonly running: number;
  readonly all: number;
} {
  return { running: services.filter(runs).length, all: services.length };
}

/** As bad as the worst of its containers; one that did its work and ended well is not bad. */
export function stackLook({ state, services }: Pick<Stacks_RowFragment, 'state' | 'services'>): Look {
  const looks = new Set(services.flatMap(({ containers }) => containers.map(containerLook)));
  if (looks.has('critical')) return 'critical';
  if (looks.has('warning')) return 'warning';
  if (state === 'RUNNING') return 'good';
  const done = services
    .flatMap(({ containers }) => containers)
    .every((one) => one.state === 'RUNNING' || one.exitCode === 0);
  return state === 'PARTIAL' ? (done ? 'good' : 'warning') : 'neutral';
}

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
  const rows = data.server?.stacks;
  if (!rows) throw failures[0] ?? new Failure('NOT_FOUND', 'There is no such server.');
  return { list: rows.map((row) => entryOf(serverId, row)), unanswered: [] };
}

export const stackHref = (serverId: string, name: string): string =>
  `/servers/${serverId}/stacks/${encodeURIComponent(name)}`;

export const newStackHref = (serverId?: string): string =>
  serverId === undefined ? '/docker/stacks/new' : `/docker/stacks/new?server=${serverId}`;

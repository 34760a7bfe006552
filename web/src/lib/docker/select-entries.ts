import { fold } from '../fleet/select.ts';
import { manyOf, oneOf, textParameter, words } from '../url-state.ts';
import type { Entry } from './listing.svelte.ts';

export const uses = ['USED', 'UNUSED'] as const;
export const sorts = ['name', 'newest', 'server'] as const;

/** What a link to a list of the Docker section carries. */
export const entryListState = {
  q: textParameter(),
  use: manyOf(uses),
  sort: oneOf(sorts, 'name'),
  server: words(),
};

export interface Selection {
  readonly q: string;
  readonly use: readonly (typeof uses)[number][];
  readonly sort: (typeof sorts)[number];
  /** Ids; none is all of them. */
  readonly server: readonly string[];
}

interface Sortable {
  readonly name: string;
  readonly createdAt?: string | null;
  readonly users: readonly unknown[];
}

const compare = (a: string, b: string): number => a.localeCompare(b, undefined, { numeric: true });
const time = (text: string | null | undefined): number => (text ? Date.parse(text) : 0);

/** Filters and sorts; equals are ordered by name. `serverName` tells a server's name from its id. */
export function selectEntries<Row extends Sortable>(
  entries: readonly Entry<Row>[],
  { q, use, sort, server }: Selection,
  wordsOf: (row: Row) => readonly string[],
  serverName: (id: string) => string,
): readonly Entry<Row>[] {
  const wanted = fold(q).split(/\s+/).filter(Boolean);
  const byName = (a: Entry<Row>, b: Entry<Row>) => compare(a.row.name, b.row.name);
  const orders: Record<(typeof sorts)[number], (a: Entry<Row>, b: Entry<Row>) => number> = {
    name: byName,
    newest: (a, b) => time(b.row.createdAt) - time(a.row.createdAt),
    server: (a, b) => compare(serverName(a.serverId), serverName(b.serverId)),
  };
  const matches = ({ row, serverId }: Entry<Row>): boolean => {
    const where = fold([row.name, ...wordsOf(row), serverName(serverId)].join('\n'));
    return wanted.every((word) => where.includes(word));
  };
  return entries
    .filter(({ row }) => use.length === 0 || use.includes(row.users.length > 0 ? 'USED' : 'UNUSED'))
    .filter(({ serverId }) => server.length === 0 || server.includes(serverId))
    .filter((entry) => wanted.length === 0 || matches(entry))
    .toSorted((a, b) => orders[sort](a, b) || byName(a, b));
}

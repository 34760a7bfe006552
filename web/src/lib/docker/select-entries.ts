import { fold } from '../fleet/select.ts';
import { byLook, type Look } from '../look.ts';
import { oneOf, textParameter, words } from '../url-state.ts';
import type { Entry } from './listing.svelte.ts';

export const uses = ['USED', 'UNUSED'] as const;
export const sorts = ['name', 'newest', 'worst', 'server'] as const;
export type EntrySort = (typeof sorts)[number];

/** What a link to a list of the Docker section carries. */
export const entryListState = {
  q: textParameter(),
  /** What the list is filtered by: whether it is used, or its state. */
  use: words(),
  sort: oneOf(sorts, 'name'),
  server: words(),
};

/** By which a list is filtered besides words and servers. */
export interface EntryFilter<Row> {
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly of: (row: Row) => string;
}

export interface Selection {
  readonly q: string;
  /** Any of these; none is all of them. */
  readonly use: readonly string[];
  readonly sort: EntrySort;
  /** Ids; none is all of them. */
  readonly server: readonly string[];
}

export interface Sortable {
  readonly name: string;
  readonly createdAt?: string | null;
  readonly look?: Look;
  readonly users?: readonly unknown[];
}

export const useOf = ({ users = [] }: Sortable): string => (users.length > 0 ? 'USED' : 'UNUSED');

const compare = (a: string, b: string): number => a.localeCompare(b, undefined, { numeric: true });
const time = (text: string | null | undefined): number => (text ? Date.parse(text) : 0);

export interface Reading<Row> {
  /** What else of a row the search looks into. */
  readonly wordsOf: (row: Row) => readonly string[];
  /** A server's name from its id. */
  readonly serverName: (id: string) => string;
  /** @default whether anybody uses it */
  readonly kindOf?: (row: Row) => string;
}

/** Filters and sorts; equals are ordered by name. */
export function selectEntries<Row extends Sortable>(
  entries: readonly Entry<Row>[],
  { q, use, sort, server }: Selection,
  { wordsOf, serverName, kindOf = useOf }: Reading<Row>,
): readonly Entry<Row>[] {
  const wanted = fold(q).split(/\s+/).filter(Boolean);
  const byName = (a: Entry<Row>, b: Entry<Row>) => compare(a.row.name, b.row.name);
  const orders: Record<EntrySort, (a: Entry<Row>, b: Entry<Row>) => number> = {
    name: byName,
    worst: (a, b) => byLook(a.row.look ?? 'good', b.row.look ?? 'good'),
    newest: (a, b) => time(b.row.createdAt) - time(a.row.createdAt),
    server: (a, b) => compare(serverName(a.serverId), serverName(b.serverId)),
  };
  const matches = ({ row, serverId }: Entry<Row>): boolean => {
    const where = fold([row.name, ...wordsOf(row), serverName(serverId)].join('\n'));
    return wanted.every((word) => where.includes(word));
  };
  return entries
    .filter(({ row }) => use.length === 0 || use.includes(kindOf(row)))
    .filter(({ serverId }) => server.length === 0 || server.includes(serverId))
    .filter((entry) => wanted.length === 0 || matches(entry))
    .toSorted((a, b) => orders[sort](a, b) || byName(a, b));
}

import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import type pg from 'pg';
import * as z from 'zod';
import type { Rights } from '../access/rights.ts';
import { inputInvalid } from '../errors.ts';
import { pageSizes, type Page, type PageArgs } from '../graphql/page.ts';
import {
  conditions,
  keyOf,
  nameKey,
  Values,
  type Load,
  type ServerFilter,
  type ServerSort,
} from './list-sql.ts';

type Pool = Pick<pg.Pool, 'query'>;

interface Listing {
  readonly filter: ServerFilter;
  readonly sort: ServerSort;
  /** Only what is seen with these is found. */
  readonly rights: Rights;
  /** The newest load of every server; asked only when it is sorted by. */
  readonly loads: () => readonly Load[];
}

/** Prisma leaves a list that was not given null in the database, and reads it as empty. */
const lists = ['tags', 'scopes', 'localScopes']
  .map((name) => `coalesce(s."${name}", '{}') AS "${name}"`)
  .join();

/** A row with its place in the order. */
type Row = Server & { readonly sortKey: number };

/**
 * Where a page ends: the place of its last row in the order, so that the next one begins right behind it whatever came,
 * went or moved meanwhile.
 */
const cursorShape = z.tuple([z.string(), z.number(), z.string().max(4_000), z.string().max(100)]);
type Cursor = z.output<typeof cursorShape>;

/**
 * One page of the servers that are seen, cut out by the database.
 * @throws ServerKitError INPUT_INVALID for a size out of range, or for a cursor that is not of this list and order
 */
export async function listServers(
  pool: Pool,
  { filter, sort, rights, loads }: Listing,
  args: PageArgs,
): Promise<Omit<Page<Server>, 'totalCount'>> {
  const { first, last } = pageSizes(args);
  const [after, before] = [readCursor('after', args.after, sort), readCursor('before', args.before, sort)];
  const backwards = first === null;
  const size = first ?? last ?? 0;
  const values = new Values();
  const { key, join } = keyOf(sort.field, values, loads);
  const place = { key, values, direction: sort.direction };
  const where = [
    ...conditions(filter, rights, values),
    ...(after ? [beyond(after, 'behind', place)] : []),
    ...(before ? [beyond(before, 'ahead', place)] : []),
  ];
  const [up, down] = backwards ? ['DESC', 'ASC'] : ['ASC', 'DESC'];
  const byKey = sort.direction === 'ASC' ? up : down;
  const order =
    key === undefined
      ? `${nameKey} ${byKey}, s."id" ${byKey}`
      : `${key} ${byKey}, ${nameKey} ${up}, s."id" ${up}`;
  const { rows } = await pool.query<Row>(
    `SELECT s.*, ${lists}, ${key ?? '0::float8'} AS "sortKey" FROM "Server" s ${join}
     WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${values.add(size + 1)}`,
    values.list,
  );
  const more = rows.length > size;
  let page = rows.slice(0, size);
  if (backwards) page.reverse();
  const cut = !backwards && last !== null && last < page.length;
  if (cut) page = page.slice(page.length - last);
  const edges = page.map((node) => ({ cursor: writeCursor(sort, node), node }));
  return {
    edges,
    pageInfo: {
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
      hasNextPage: before !== undefined || (more && !backwards),
      hasPreviousPage: after !== undefined || cut || (more && backwards),
    },
  };
}

export async function countServers(pool: Pool, filter: ServerFilter, rights: Rights): Promise<number> {
  const values = new Values();
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS "count" FROM "Server" s WHERE ${conditions(filter, rights, values).join(' AND ')}`,
    values.list,
  );
  return rows[0]?.count ?? 0;
}

/** The ids of those that are seen and fit, by name; all of them without a limit. */
export async function findServerIds(
  pool: Pool,
  {
    filter,
    rights,
    limit,
  }: { readonly filter: ServerFilter; readonly rights: Rights; readonly limit?: number | undefined },
): Promise<string[]> {
  const values = new Values();
  const { rows } = await pool.query<{ id: string }>(
    `SELECT s."id" FROM "Server" s WHERE ${conditions(filter, rights, values).join(' AND ')}
     ORDER BY ${nameKey}, s."id" LIMIT ${values.add(limit ?? null)}`,
    values.list,
  );
  return rows.map(({ id }) => id);
}

/** Every tag on the servers that are seen, in alphabetical order. */
export async function listTags(pool: Pool, rights: Rights): Promise<string[]> {
  const values = new Values();
  const { rows } = await pool.query<{ tag: string }>(
    `SELECT DISTINCT unnest(s."tags") AS "tag" FROM "Server" s WHERE ${conditions({}, rights, values).join(' AND ')}`,
    values.list,
  );
  return rows.map(({ tag }) => tag).toSorted((a, b) => a.localeCompare(b));
}

/** Behind or ahead of a place in the order. Among equal keys names ascend, whichever way the keys go. */
function beyond(
  [, sortKey, name, id]: Cursor,
  side: 'behind' | 'ahead',
  { key, values, direction }: { key: string | undefined; values: Values; direction: 'ASC' | 'DESC' },
): string {
  const [greater, less] = side === 'behind' ? ['>', '<'] : ['<', '>'];
  const byKey = direction === 'ASC' ? greater : less;
  const names = (compare: string | undefined): string =>
    `(${nameKey}, s."id") ${compare} (${values.add(name)}, ${values.add(id)})`;
  if (key === undefined) return names(byKey);
  const at = values.add(sortKey);
  return `(${key} ${byKey} ${at} OR (${key} = ${at} AND ${names(greater)}))`;
}

function writeCursor({ field }: ServerSort, { sortKey, nameKey: name, id }: Row): string {
  const cursor: Cursor = [field, sortKey, name, id];
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function readCursor(arg: string, text: string | null | undefined, { field }: ServerSort): Cursor | undefined {
  if (text == null) return undefined;
  const cursor = cursorShape.safeParse(parsed(Buffer.from(text, 'base64url').toString()));
  if (
    cursor.success &&
    cursor.data[0] === field &&
    !cursor.data[2].includes('\0') &&
    !cursor.data[3].includes('\0')
  ) {
    return cursor.data;
  }
  throw inputInvalid(arg, 'This is not a cursor of this list in this order.');
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

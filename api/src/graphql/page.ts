import { defaultPageSize, maxPageSize } from '../builder.ts';
import { inputInvalid } from '../errors.ts';

export interface PageArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

export interface Page<Row> {
  readonly edges: { readonly cursor: string; readonly node: Row }[];
  readonly pageInfo: {
    readonly startCursor: string | null;
    readonly endCursor: string | null;
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
  };
  readonly totalCount: number;
}

/**
 * Cuts one page out of a list that is at hand as a whole. A cursor names a row by its id, so that it stays good when
 * rows before it come and go; one whose row is gone begins again at the start.
 *
 * @see https://relay.dev/graphql/connections.htm
 * @throws ServerKitError INPUT_INVALID for a size out of range
 */
export function pageOf<Row>(rows: readonly Row[], args: PageArgs, idOf: (row: Row) => string): Page<Row> {
  const position = (cursor: string): number => rows.findIndex((row) => idOf(row) === cursor);
  const { first, last } = pageSizes(args);
  let from = args.after == null ? 0 : position(args.after) + 1;
  const end = args.before == null ? -1 : position(args.before);
  let to = end === -1 ? rows.length : end;
  if (first !== null) to = Math.min(to, from + first);
  if (last !== null) from = Math.max(from, to - last);
  const edges = rows.slice(from, Math.max(from, to)).map((node) => ({ cursor: idOf(node), node }));
  return {
    edges,
    pageInfo: {
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
      hasPreviousPage: from > 0,
      hasNextPage: to < rows.length,
    },
    totalCount: rows.length,
  };
}

/**
 * How many rows a page has, counted from its start, from its end, or both; from its start when nothing was said.
 * @throws ServerKitError INPUT_INVALID for a size out of range
 */
export function pageSizes({ first, last }: Pick<PageArgs, 'first' | 'last'>): {
  readonly first: number | null;
  readonly last: number | null;
} {
  return {
    first: first == null ? (last == null ? defaultPageSize : null) : checkedSize('first', first),
    last: last == null ? null : checkedSize('last', last),
  };
}

function checkedSize(field: string, value: number): number {
  if (value >= 0 && value <= maxPageSize) return value;
  throw inputInvalid(field, `A page holds 0 to ${maxPageSize} entries.`);
}

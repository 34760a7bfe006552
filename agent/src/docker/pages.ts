/** Half of the largest frame (wire/handshake.ts), for what surrounds the items. Characters of JSON. */
const MAX_PAGE_SIZE = 2 * 1024 * 1024;

/** Cuts a list so that each page fits into one message. At least one page, which may be empty. */
export function pages<T>(items: readonly T[], most = 200, largest = MAX_PAGE_SIZE): T[][] {
  const all: T[][] = [];
  let page: T[] = [];
  let size = 0;
  for (const item of items) {
    const own = JSON.stringify(item).length;
    if (page.length > 0 && (page.length >= most || size + own > largest)) {
      all.push(page);
      page = [];
      size = 0;
    }
    page.push(item);
    size += own;
  }
  all.push(page);
  return all;
}

/**
 * A page of a list that is ordered by name. The cursor is the last name of the page before, so that it holds when that
 * one is removed.
 */
export function namedPage<T extends { readonly name: string }>(
  items: readonly T[],
  first: number,
  after: string | null,
): { readonly items: readonly T[]; readonly next: string | null } {
  const rest = after === null ? items : items.filter(({ name }) => name > after);
  const [page = []] = pages(rest, first);
  const last = page.at(-1);
  return { items: page, next: last && page.length < rest.length ? last.name : null };
}

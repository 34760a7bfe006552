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

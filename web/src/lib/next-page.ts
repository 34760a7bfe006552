/** Pages that the API serves beside the dashboard, whose router knows nothing of them. */
const beside: ReadonlySet<string> = new Set(['/graphiql']);

/** Leaves the dashboard for `next` if it is such a page. @returns whether it did */
export function leaveFor(next: string): boolean {
  if (!beside.has(next)) return false;
  location.replace(next);
  return true;
}

/** Where to go after signing in: a path of ours, never another site's address. */
export function nextPage(wanted: string | null): string {
  if (wanted === null || !wanted.startsWith('/')) return '/';
  try {
    const url = new URL(wanted, location.origin);
    return url.origin === location.origin ? url.pathname + url.search : '/';
  } catch {
    return '/';
  }
}

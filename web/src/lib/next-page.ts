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

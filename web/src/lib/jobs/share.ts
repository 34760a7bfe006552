import type { Jobs_RowFragment } from '../generated/graphql.ts';

/** How far all of it is, 0 to 100; null where nothing is counted. What counts nothing of its own counts by its neighbours. */
export function shareDone({ progress }: Pick<Jobs_RowFragment, 'progress'>): number | null {
  const counted = progress.filter(({ total }) => total !== null && total > 0);
  const total = counted.reduce((sum, part) => sum + (part.total ?? 0), 0);
  if (total === 0) return null;
  const done = counted.reduce((sum, part) => sum + Math.min(part.current ?? 0, part.total ?? 0), 0);
  return (100 * done) / total;
}

import { sortFields } from '#lib/fleet/select.ts';
import { flag, manyOf, oneOf, textParameter, words } from '#lib/url-state.ts';

export const statuses = ['ONLINE', 'CONNECTING', 'OFFLINE', 'ERROR', 'MAINTENANCE', 'PENDING'] as const;

export const columns = [
  'cpu',
  'memory',
  'disk',
  'containers',
  'os',
  'address',
  'agent',
  'group',
  'tags',
  'lastSeen',
] as const;
export type Column = (typeof columns)[number];
const shownAtFirst: readonly Column[] = ['cpu', 'memory', 'disk', 'containers', 'os', 'group', 'tags'];

/** What a link to the list carries. */
export const listState = {
  q: textParameter(),
  status: manyOf(statuses),
  tag: words(),
  /** The id of one, or those in none. */
  group: textParameter(),
  sort: oneOf(sortFields, 'worst'),
  desc: flag(),
  view: oneOf(['table', 'grid'], 'table'),
  cols: { ...manyOf(columns), fallback: shownAtFirst },
};

/** Stands for the servers that are in no group. */
export const groupless = 'none';

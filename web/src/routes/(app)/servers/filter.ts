import type { SavedFilters_ListQuery, ServerFilter } from '#lib/generated/graphql.ts';
import { statuses } from './list-state.ts';

type Saved = Pick<SavedFilters_ListQuery['savedFilters'][number], 'text' | 'statuses' | 'tags' | 'groupId'>;

/** Which servers of the list are shown; the rest of its state is how. */
export interface Filter {
  readonly q: string;
  readonly status: readonly (typeof statuses)[number][];
  readonly tag: readonly string[];
  readonly group: string;
}

export const unfiltered: Filter = { q: '', status: [], tag: [], group: '' };

export function isFiltered({ q, status, tag, group }: Filter): boolean {
  return q !== '' || status.length > 0 || tag.length > 0 || group !== '';
}

export function fromSaved({ text, statuses: kept, tags, groupId }: Saved): Filter {
  return {
    q: text,
    status: statuses.filter((status) => kept.includes(status)),
    tag: [...tags],
    group: groupId ?? '',
  };
}

/** As the API takes it. It knows no filter for servers in no group: that part is left out. */
export function toSaved({ q, status, tag, group }: Filter): ServerFilter {
  return {
    ...(q !== '' && { text: q }),
    ...(status.length > 0 && { statuses: [...status] }),
    ...(tag.length > 0 && { tags: [...tag] }),
    ...(group.startsWith('grp_') && { groupId: group }),
  };
}

const sorted = (words: readonly string[]): string => words.toSorted().join('\n');

/** Whether two show the same servers, in whatever order their parts were chosen. */
export function sameFilter(a: Filter, b: Filter): boolean {
  return (
    a.q === b.q &&
    a.group === b.group &&
    sorted(a.status) === sorted(b.status) &&
    sorted(a.tag) === sorted(b.tag)
  );
}

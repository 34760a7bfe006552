import type { ServerStatus } from '../generated/graphql.ts';
import { byLook } from '../look.ts';
import type { FleetServer } from './fleet-server.svelte.ts';

/** Lower case and without accents, so that `etagere` finds `Étagère`. */
export function fold(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

/** Servers that show every word of the text in their name, description, host name, addresses or tags. */
export function matchServers(servers: readonly FleetServer[], text: string): readonly FleetServer[] {
  const words = fold(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return servers;
  return servers.filter(({ row }) => {
    const where = fold(
      [
        row.name,
        row.description,
        row.facts?.hostname ?? '',
        ...(row.facts?.addresses ?? []),
        ...row.tags,
      ].join('\n'),
    );
    return words.every((word) => where.includes(word));
  });
}

export const sortFields = ['worst', 'name', 'cpu', 'memory', 'disk', 'containers', 'lastSeen'] as const;
export type SortField = (typeof sortFields)[number];

export interface Selection {
  readonly text: string;
  readonly statuses: readonly ServerStatus[];
  readonly tags: readonly string[];
  /** Whether a server's group is among those asked for; null for one that is in none. */
  readonly inGroup?: (groupId: string | null) => boolean;
  readonly sort: SortField;
  readonly descending: boolean;
}

const byName = (a: FleetServer, b: FleetServer): number =>
  a.row.name.localeCompare(b.row.name, undefined, { numeric: true });

/** Servers that never told a number go last whichever way the list is turned. */
function byNumber(read: (server: FleetServer) => number | null | undefined, descending: boolean) {
  return (a: FleetServer, b: FleetServer): number => {
    const [left, right] = [read(a) ?? null, read(b) ?? null];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return descending ? right - left : left - right;
  };
}

const orders: Record<SortField, (descending: boolean) => (a: FleetServer, b: FleetServer) => number> = {
  worst: (descending) => (a, b) => (descending ? -1 : 1) * byLook(a.worst, b.worst),
  name: (descending) => (a, b) => (descending ? -1 : 1) * byName(a, b),
  cpu: (descending) => byNumber(({ gauges }) => gauges?.cpuPercent, descending),
  memory: (descending) => byNumber(({ gauges }) => gauges?.memoryPercent, descending),
  disk: (descending) => byNumber(({ gauges }) => gauges?.diskPercent, descending),
  containers: (descending) => byNumber(({ row }) => row.containerCounts?.running, descending),
  lastSeen: (descending) =>
    byNumber(({ row }) => (row.lastSeenAt ? Date.parse(row.lastSeenAt) : null), descending),
};

/** Filters and sorts; equals are ordered by name. */
export function selectServers(servers: readonly FleetServer[], selection: Selection): readonly FleetServer[] {
  const { statuses, tags, inGroup, sort, descending } = selection;
  const order = orders[sort](descending);
  return matchServers(servers, selection.text)
    .filter(({ row }) => statuses.length === 0 || statuses.includes(row.status))
    .filter(({ row }) => tags.every((tag) => row.tags.includes(tag)))
    .filter(({ row }) => inGroup?.(row.group?.id ?? null) ?? true)
    .toSorted((a, b) => order(a, b) || byName(a, b));
}

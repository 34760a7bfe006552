import { fold } from '../fleet/select.ts';
import type { ContainerState } from '../generated/graphql.ts';
import { byLook } from '../look.ts';
import type { ContainerEntry } from './container.svelte.ts';

export const containerStates = [
  'RUNNING',
  'PAUSED',
  'RESTARTING',
  'CREATED',
  'EXITED',
  'REMOVING',
  'DEAD',
] as const satisfies readonly ContainerState[];

export const containerSorts = ['worst', 'name', 'server', 'cpu', 'memory', 'created'] as const;
export type ContainerSort = (typeof containerSorts)[number];

const words = (a: string, b: string): number => a.localeCompare(b, undefined, { numeric: true });
const byName = (a: ContainerEntry, b: ContainerEntry): number => words(a.row.name, b.row.name);

/** The broken first, then by project and name, so that a stack stays together. */
export function worstFirst(a: ContainerEntry, b: ContainerEntry): number {
  const running = Number(b.alive) - Number(a.alive);
  return byLook(a.look, b.look) || running || words(a.project ?? '', b.project ?? '') || byName(a, b);
}

const falling = (a: number | null, b: number | null): number => (b ?? -1) - (a ?? -1);

export interface ContainerSelection {
  readonly text: string;
  readonly states: readonly ContainerState[];
  readonly servers: readonly string[];
  readonly sort: ContainerSort;
}

/** Filters and sorts. `serverName` tells a server's name from its id. */
export function selectContainers(
  entries: readonly ContainerEntry[],
  { text, states, servers, sort }: ContainerSelection,
  serverName: (id: string) => string,
): readonly ContainerEntry[] {
  const wanted = fold(text).split(/\s+/).filter(Boolean);
  const orders: Record<ContainerSort, (a: ContainerEntry, b: ContainerEntry) => number> = {
    worst: worstFirst,
    name: byName,
    server: (a, b) => words(serverName(a.serverId), serverName(b.serverId)),
    cpu: (a, b) => falling(a.cpuPercent, b.cpuPercent),
    memory: (a, b) => falling(a.memoryBytes, b.memoryBytes),
    created: (a, b) => Date.parse(b.row.createdAt) - Date.parse(a.row.createdAt),
  };
  const matches = ({ row, project, serverId }: ContainerEntry): boolean => {
    const where = fold([row.name, row.image, row.id, project ?? '', serverName(serverId)].join('\n'));
    return wanted.every((word) => where.includes(word));
  };
  return entries
    .filter(({ row }) => states.length === 0 || states.includes(row.state))
    .filter(({ serverId }) => servers.length === 0 || servers.includes(serverId))
    .filter((entry) => wanted.length === 0 || matches(entry))
    .toSorted((a, b) => orders[sort](a, b) || byName(a, b));
}

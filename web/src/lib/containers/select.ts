import { fold } from '../fleet/select.ts';
import type { ContainerState } from '../generated/graphql.ts';
import { byLook } from '../look.ts';
import type { ContainerEntry, ContainerRow } from './container.svelte.ts';

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

// localeCompare with options makes one of these at every call.
const collator = new Intl.Collator(undefined, { numeric: true });
const words = (a: string, b: string): number => (a === b ? 0 : collator.compare(a, b));
/** As much of a container as placing it in a list takes. */
export interface Listed extends Pick<ContainerEntry, 'serverId' | 'cpuPercent' | 'memoryBytes'> {
  readonly row: Pick<ContainerRow, 'id' | 'name' | 'image' | 'state' | 'createdAt'>;
  readonly place: Pick<ContainerEntry['place'], 'look' | 'alive' | 'project'>;
}

const byName = (a: Listed, b: Listed): number => words(a.row.name, b.row.name);

/** The broken first, then by project and name, so that a stack stays together. */
export function worstFirst(a: Listed, b: Listed): number {
  const [one, other] = [a.place, b.place];
  return (
    byLook(one.look, other.look) ||
    Number(other.alive) - Number(one.alive) ||
    words(one.project ?? '', other.project ?? '') ||
    byName(a, b)
  );
}

const falling = (a: number | null, b: number | null): number => (b ?? -1) - (a ?? -1);

export interface ContainerSelection {
  readonly text: string;
  readonly states: readonly ContainerState[];
  readonly servers: readonly string[];
  readonly sort: ContainerSort;
}

/**
 * Filters and sorts a list that changes a little, often: it sorts from the order of the last time, which costs one look
 * at each while almost all of them stay where they are.
 */
export class ContainerSelector<Entry extends Listed = ContainerEntry> {
  #last: readonly Entry[] = [];

  /** @param serverName - tells a server's name from its id */
  select(
    entries: readonly Entry[],
    { text, states, servers, sort }: ContainerSelection,
    serverName: (id: string) => string,
  ): readonly Entry[] {
    const wanted = fold(text).split(/\s+/).filter(Boolean);
    const matches = ({ row, place: { project }, serverId }: Entry): boolean => {
      const where = fold([row.name, row.image, row.id, project ?? '', serverName(serverId)].join('\n'));
      return wanted.every((word) => where.includes(word));
    };
    const fitting = new Set(
      entries.filter(
        (entry) =>
          (states.length === 0 || states.includes(entry.row.state)) &&
          (servers.length === 0 || servers.includes(entry.serverId)) &&
          (wanted.length === 0 || matches(entry)),
      ),
    );
    const still = this.#last.filter((entry) => fitting.delete(entry));
    const order = orders(serverName)[sort];
    this.#last = [...still, ...fitting].toSorted((a, b) => order(a, b) || byName(a, b));
    return this.#last;
  }
}

function orders(serverName: (id: string) => string): Record<ContainerSort, (a: Listed, b: Listed) => number> {
  return {
    worst: worstFirst,
    name: byName,
    server: (a, b) => words(serverName(a.serverId), serverName(b.serverId)),
    cpu: (a, b) => falling(a.cpuPercent, b.cpuPercent),
    memory: (a, b) => falling(a.memoryBytes, b.memoryBytes),
    created: (a, b) => Date.parse(b.row.createdAt) - Date.parse(a.row.createdAt),
  };
}

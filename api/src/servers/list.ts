import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import { parseFacts } from '../agents/hello.ts';
import { statusOf, statusRank, type Status } from './view.ts';

export interface ServerFilter {
  readonly text?: string | null | undefined;
  readonly statuses?: readonly Status[] | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
}

export type SortField = 'NAME' | 'STATUS' | 'CPU' | 'MEMORY' | 'LAST_SEEN' | 'CREATED_AT';

export interface ServerSort {
  readonly field: SortField;
  readonly direction: 'ASC' | 'DESC';
}

/** The newest load of a server, 0–100 %; undefined when unknown. */
export type LoadOf = (serverId: string) => { readonly cpu: number; readonly memory: number } | undefined;

/** @param numbers - the newest numbers of a server, 0–100 % */
export function loadFrom(metrics: {
  numbers(serverId: string): { readonly cpuPercent: number; readonly memoryPercent: number } | undefined;
}): LoadOf {
  return (serverId) => {
    const numbers = metrics.numbers(serverId);
    return numbers && { cpu: numbers.cpuPercent, memory: numbers.memoryPercent };
  };
}

export function filterServers(servers: readonly Server[], filter: ServerFilter): Server[] {
  const words = (filter.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return servers.filter(
    (server) =>
      (!filter.statuses?.length || filter.statuses.includes(statusOf(server))) &&
      (!filter.tags?.length || filter.tags.every((tag) => server.tags.includes(tag))) &&
      (words.length === 0 || matches(server, words)),
  );
}

function matches(server: Server, words: readonly string[]): boolean {
  const facts = parseFacts(server.facts);
  const haystack = [
    server.name,
    server.description,
    ...server.tags,
    facts?.hostname ?? '',
    ...(facts?.addresses ?? []),
  ]
    .join('\n')
    .toLowerCase();
  return words.every((word) => haystack.includes(word));
}

/** Sorted as asked; equal ones by name, so that an order is always the same. */
export function sortServers(servers: readonly Server[], sort: ServerSort, loadOf: LoadOf): Server[] {
  const sign = sort.direction === 'ASC' ? 1 : -1;
  return servers.toSorted((a, b) => sign * compare(a, b, sort.field, loadOf) || byName(a, b));
}

function compare(a: Server, b: Server, field: SortField, loadOf: LoadOf): number {
  switch (field) {
    case 'NAME':
      return byName(a, b);
    case 'STATUS':
      return statusRank[statusOf(a)] - statusRank[statusOf(b)];
    case 'CPU':
      return (loadOf(a.id)?.cpu ?? -1) - (loadOf(b.id)?.cpu ?? -1);
    case 'MEMORY':
      return (loadOf(a.id)?.memory ?? -1) - (loadOf(b.id)?.memory ?? -1);
    case 'LAST_SEEN':
      return (a.lastSeenAt?.getTime() ?? 0) - (b.lastSeenAt?.getTime() ?? 0);
    case 'CREATED_AT':
      return a.createdAt.getTime() - b.createdAt.getTime();
  }
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function byName(a: Server, b: Server): number {
  return collator.compare(a.name, b.name);
}

import { fold } from '../fleet/select.ts';
import type { DockerEventType } from '../generated/graphql.ts';
import { manyOf, textParameter, words } from '../url-state.ts';
import type { EventEntry } from './events.svelte.ts';

export const eventTypes = ['CONTAINER', 'IMAGE', 'NETWORK', 'VOLUME'] as const satisfies DockerEventType[];

/** What a link to the events carries. */
export const eventListState = { q: textParameter(), type: manyOf(eventTypes), server: words() };

/** Those of these types that show every word in what happened to what. */
export function selectEvents(
  entries: readonly EventEntry[],
  { q, type }: { readonly q: string; readonly type: readonly DockerEventType[] },
): readonly EventEntry[] {
  const wanted = fold(q).split(/\s+/).filter(Boolean);
  return entries.filter(({ row }) => {
    if (type.length > 0 && !type.includes(row.type)) return false;
    const where = fold([row.name, row.id, row.action, ...row.details.map(({ value }) => value)].join('\n'));
    return wanted.every((word) => where.includes(word));
  });
}

const well = /^(start|create|unpause|connect|pull|health_status: healthy)/;

/** What an event looks like at a glance: an end is not bad news by itself, an end with an error is. */
export function eventLook({ row }: EventEntry): 'good' | 'warning' | 'critical' | 'neutral' {
  const exitCode = row.details.find(({ key }) => key === 'exitCode')?.value;
  if (row.action === 'oom' || row.action.includes('unhealthy')) return 'critical';
  if (row.action === 'die' && exitCode !== undefined && exitCode !== '0') return 'warning';
  return well.test(row.action) ? 'good' : 'neutral';
}

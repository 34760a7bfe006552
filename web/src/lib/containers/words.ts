import { f, t } from '../i18n.svelte.ts';
import { now } from '../now.svelte.ts';
import type { ContainerRow } from './container.svelte.ts';

/** The one word for a container: how its own check went says more than that it runs. */
export function stateWord({
  state,
  health,
  exitCode,
}: Pick<ContainerRow, 'state' | 'health' | 'exitCode'>): string {
  if (state === 'RUNNING' && health === 'UNHEALTHY') return t().containers.unhealthy;
  if (state === 'RUNNING' && health === 'STARTING') return t().containers.starting;
  if (state === 'EXITED' && exitCode !== null && exitCode !== undefined && exitCode !== 0)
    return t().containers.exitedWith(exitCode);
  return t().containers.states[state];
}

/** How long it runs or since when it does not. Docker's own words for it are as old as its last event. */
export function statusText({
  state,
  startedAt,
  finishedAt,
  createdAt,
}: Pick<ContainerRow, 'state' | 'startedAt' | 'finishedAt' | 'createdAt'>): string {
  const ago = (at: string) => f().relativeShort(at, Math.max(now(), Date.parse(at)));
  if ((state === 'RUNNING' || state === 'PAUSED') && startedAt)
    return t().containers.up(f().duration((now() - Date.parse(startedAt)) / 1000));
  if (state === 'CREATED') return t().containers.createdAgo(ago(createdAt));
  return finishedAt ? t().containers.exited(ago(finishedAt)) : '–';
}

import { t } from '../i18n.svelte.ts';
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

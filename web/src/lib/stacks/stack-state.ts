import type { Stacks_RowFragment } from '../generated/graphql.ts';
import { containerLook, type Look } from '../look.ts';

type Service = Stacks_RowFragment['services'][number];

/** Whether all containers of a service run. */
const runs = ({ containers }: Service): boolean => containers.every(({ state }) => state === 'RUNNING');

/** Whether a service was there for one piece of work, as a migration is, which is done: what of it ended, ended well. */
export const isDone = (service: Service): boolean =>
  !runs(service) &&
  service.containers.every(
    ({ state, exitCode }) => state === 'RUNNING' || (state === 'EXITED' && exitCode === 0),
  );

/** How many of its services run, how many did their work and ended well, and how many have containers. */
export function servicesOf({ services }: Pick<Stacks_RowFragment, 'services'>): {
  readonly running: number;
  readonly done: number;
  readonly all: number;
} {
  return {
    running: services.filter(runs).length,
    done: services.filter(isDone).length,
    all: services.length,
  };
}

/** As bad as the worst of its containers: one that crashed is a fault, one that did its work and ended well is none. */
export function stackLook({ state, services }: Pick<Stacks_RowFragment, 'state' | 'services'>): Look {
  const looks = new Set(services.flatMap(({ containers }) => containers.map(containerLook)));
  if (looks.has('critical')) return 'critical';
  if (looks.has('warning')) return 'warning';
  if (state === 'RUNNING') return 'good';
  return state === 'PARTIAL' ? 'warning' : 'neutral';
}

import type { AuditTarget } from '../audit/service.ts';
import type { RequestContext } from '../context.ts';
import { imagePull, pull } from '../images/service.ts';
import type { JobKind } from '../jobs/service.ts';
import type { Services } from '../services.ts';
import { deploy, stackDeploy } from '../stacks/service.ts';
import { fleetDeploy, fleetPull } from './jobs.ts';
import type { Order } from './order.ts';

/** Who has it done, and what it takes. */
export interface Asking extends Pick<RequestContext, 'principal' | 'address'> {
  readonly services: Pick<Services, 'agents' | 'audit' | 'jobs' | 'registries' | 'secrets' | 'stacks'>;
}

interface Kinds {
  readonly whole: JobKind;
  /** On one server. */
  readonly part: JobKind;
}

export function kindsOf({ work }: Pick<Order, 'work'>): Kinds {
  switch (work) {
    case 'stack.deploy':
      return { whole: fleetDeploy, part: stackDeploy };
    case 'image.pull':
      return { whole: fleetPull, part: imagePull };
  }
}

export function targetOf(order: Order): AuditTarget {
  return order.work === 'stack.deploy'
    ? { kind: 'stack', id: order.name }
    : { kind: 'image', id: order.reference };
}

/** Begins it on one server. @throws ServerKitError when it is certain that nothing begins; on record where there is such a server */
export async function beginOn(
  asking: Asking,
  order: Order,
  { serverId, parentId }: { readonly serverId: string; readonly parentId: string },
): Promise<void> {
  switch (order.work) {
    case 'stack.deploy': {
      const baseVersion = order.baseVersions[serverId] ?? null;
      await deploy(asking, { ...order, serverId, parentId, baseVersion });
      return;
    }
    case 'image.pull':
      await pull(asking, { ...order, serverId, parentId });
  }
}

import type { RequestContext } from '../context.ts';
import { findContainers, type FleetContainerFilter } from '../containers/filter-type.ts';
import { inputInvalid } from '../errors.ts';
import type { ServerFilterInput } from '../servers/filter-type.ts';
import type { ContainerTarget } from './result-type.ts';

/** Targets of one call. */
export const mostTargets = 500;

/** By their ids or by what they have in common. */
export interface ServerSelection {
  readonly serverIds?: readonly string[] | null | undefined;
  readonly filter?: typeof ServerFilterInput.$inferInput | null | undefined;
}

interface ContainerSelection {
  readonly targets?: readonly ContainerTarget[] | null | undefined;
  readonly filter?: typeof FleetContainerFilter.$inferInput | null | undefined;
}

/**
 * The servers a change is for, each once. Those that are named are not looked at yet: each has its own result.
 * @throws ServerKitError INPUT_INVALID for both or neither, and for a filter that fits too many
 */
export async function selectedServers(
  { serverIds, filter }: ServerSelection,
  { services, principal: { rights } }: RequestContext,
): Promise<string[]> {
  requireOne(serverIds, filter, 'serverIds');
  if (!filter) return [...new Set(serverIds)];
  return few(await services.servers.select(filter, rights, mostTargets + 1));
}

/**
 * The containers a change is for, each once. A filter finds those on servers where they may be changed.
 * @throws ServerKitError INPUT_INVALID for both or neither, and for a filter that fits too many
 */
export async function selectedContainers(
  { targets, filter }: ContainerSelection,
  { services, principal: { rights } }: RequestContext,
): Promise<readonly ContainerTarget[]> {
  requireOne(targets, filter, 'targets');
  if (!filter) return unique(targets ?? []);
  const found = await findContainers(filter, services, { rights, scope: 'docker:containers:write' });
  return few(found.map(({ serverId, container: { id } }) => ({ serverId, containerId: id })));
}

function unique(targets: readonly ContainerTarget[]): ContainerTarget[] {
  return [...new Map(targets.map((target) => [`${target.serverId}/${target.containerId}`, target])).values()];
}

function requireOne(named: unknown, filter: unknown, field: string): void {
  if ((named == null) === (filter == null)) {
    throw inputInvalid('input', `Give ${field} or a filter, and not both.`);
  }
}

/** What nobody counted beforehand is not done to part of them. */
function few<Target>(targets: readonly Target[]): Target[] {
  if (targets.length <= mostTargets) return [...targets];
  throw inputInvalid('input.filter', `It fits more than ${mostTargets}. Narrow it.`);
}

/**
 * What cannot be undone is not done to everything because a filter was left empty.
 * @throws ServerKitError INPUT_INVALID
 */
export function refuseEmpty(filter: object | null | undefined): void {
  if (!filter || !saysNothing(filter)) return;
  throw inputInvalid(
    'input.filter',
    'It says nothing, and so fits everything. Say which are meant, or name them.',
  );
}

function saysNothing(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() === '';
  return value == null || (typeof value === 'object' && Object.values(value).every(saysNothing));
}

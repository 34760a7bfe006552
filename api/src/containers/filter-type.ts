import type { Scope } from '@serverkit/wire/scopes.ts';
import type { Rights } from '../access/rights.ts';
import { seesWith } from '../access/sees.ts';
import { builder } from '../builder.ts';
import { ServerFilterInput } from '../servers/filter-type.ts';
import type { Services } from '../services.ts';
import { matchesFilter } from './filter.ts';
import type { SeenContainer } from './service.ts';
import { ContainerStateEnum } from './types.ts';

export const FleetContainerFilter = builder.inputType('FleetContainerFilter', {
  description: 'Which containers of the fleet. All that is given must hold.',
  fields: (t) => ({
    labels: t.stringList({ description: 'key or key=value; all of them.' }),
    serverIds: t.idList({ description: 'On any of these servers.' }),
    servers: t.field({ type: ServerFilterInput, description: 'On servers that fit this.' }),
    states: t.field({ type: [ContainerStateEnum], description: 'In any of these states.' }),
    text: t.string({ description: 'Words that are all found in the name, image or id.' }),
  }),
});

/** The containers that fit, as last seen, on the servers where the scope is held. */
export async function findContainers(
  filter: typeof FleetContainerFilter.$inferInput,
  { containers, servers }: Pick<Services, 'containers' | 'servers'>,
  { rights, scope }: { readonly rights: Rights; readonly scope: Scope },
): Promise<SeenContainer[]> {
  const named = filter.serverIds ?? null;
  const fitting = filter.servers ? await servers.select(filter.servers, rights) : null;
  const ids = named && fitting ? named.filter((id) => fitting.includes(id)) : (named ?? fitting);
  const all = await containers.fleet(ids, seesWith(rights, scope));
  return all.filter((seen) => matchesFilter(seen, filter));
}

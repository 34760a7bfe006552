import type { Scope } from '@serverkit/wire/scopes.ts';
import type { Rights } from '../access/rights.ts';
import { seesWith } from '../access/sees.ts';
import { builder } from '../builder.ts';
import { fewOf, searchText } from '../input-text.ts';
import { ServerFilterInput } from '../servers/filter-type.ts';
import type { Services } from '../services.ts';
import { matchesFilter } from './filter.ts';
import type { SeenContainer } from './service.ts';
import { ContainerStateEnum } from './types.ts';

export const FleetContainerFilter = builder.inputType('FleetContainerFilter', {
  description: 'Which containers of the fleet. All that is given must hold.',
  fields: (t) => ({
    labels: t.stringList({ description: 'key or key=value; all of them. At most 20.', validate: fewOf(20) }),
    serverIds: t.idList({ description: 'On any of these servers, 1,000 at most.', validate: fewOf(1_000) }),
    servers: t.field({ type: ServerFilterInput, description: 'On servers that fit this.' }),
    states: t.field({
      type: [ContainerStateEnum],
      description: 'In any of these states.',
      validate: fewOf(20),
    }),
    text: t.string({
      description: 'Words that are all found in the name, image or id. At most 200 characters.',
      validate: searchText,
    }),
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

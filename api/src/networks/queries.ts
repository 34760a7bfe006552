import { seesWith } from '../access/sees.ts';
import { builder } from '../builder.ts';
import { askerOf } from '../graphql/held.ts';
import { each } from '../graphql/access.ts';
import { pageOf } from '../graphql/page.ts';
import { fewOf, searchText } from '../input-text.ts';
import { ServerType } from '../servers/server-type.ts';
import { UnansweredServer, unansweredOf } from '../servers/unanswered-type.ts';
import { networkReference } from './names.ts';
import type { SeenNetwork } from './service.ts';
import { NamedNetworkType, NetworkType } from './types.ts';

builder.prismaObjectFields(ServerType, (t) => ({
  network: t.field({
    type: NetworkType,
    nullable: true,
    access: 'docker:networks:read',
    on: ({ id }) => id,
    description: 'One Docker network by id, 12 or more digits of it, or name; null when there is none.',
    args: {
      id: t.arg.id({ required: true, description: "Docker's id, or the name.", validate: networkReference }),
    },
    resolve: (server, { id }, { services, principal }) =>
      services.networks.find(server.id, id, askerOf(principal)),
  }),
  networks: t.field({
    type: [NetworkType],
    nullable: true,
    access: 'docker:networks:read',
    on: ({ id }) => id,
    description:
      'Its Docker networks, by name; asks the agent. Null, with an error, when it does not answer.',
    resolve: (server, _args, { services, principal }) =>
      services.networks.list(server.id, askerOf(principal)),
  }),
  unusedNetworks: t.field({
    type: [NamedNetworkType],
    nullable: true,
    access: 'docker:networks:read',
    on: ({ id }) => id,
    description: 'What pruneNetworks is to remove: those that no container is in, not even a stopped one.',
    resolve: (server, _args, { services, principal }) =>
      services.networks.unused(server.id, askerOf(principal)),
  }),
}));

const FleetNetworkFilter = builder.inputType('FleetNetworkFilter', {
  description: 'Which Docker networks of the fleet. All that is given must hold.',
  fields: (t) => ({
    inUse: t.boolean({ description: 'Those that a container is in, or the others.' }),
    serverIds: t.idList({ description: 'On any of these servers, 1,000 at most.', validate: fewOf(1_000) }),
    text: t.string({
      description: 'Words that are all found in name, id, driver or subnets. At most 200 characters.',
      validate: searchText,
    }),
  }),
});

function fits({ network }: SeenNetwork, { inUse, text }: typeof FleetNetworkFilter.$inferInput): boolean {
  if (inUse != null && inUse !== network.users.length > 0) return false;
  const subnets = network.subnets.map(({ subnet }) => subnet);
  const haystack = [network.name, network.id, network.driver, ...subnets].join('\n').toLowerCase();
  return (text ?? '')
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

builder.queryField('networks', (t) =>
  t.connection(
    {
      type: NetworkType,
      access: 'docker:networks:read',
      on: each,
      description:
        'Docker networks of every server, by server and name. Asks all agents at once and waits 5 seconds at most; `unanswered` names those that did not answer. Scope: docker:networks:read.',
      args: { filter: t.arg({ type: FleetNetworkFilter, description: 'Only these.' }) },
      resolve: async (_root, { filter, ...page }, { services, log, principal }) => {
        const wanted = filter ?? {};
        const asked = await services.networks.fleet(
          wanted.serverIds ?? null,
          seesWith(principal.rights, 'docker:networks:read'),
          askerOf(principal),
        );
        const rows = asked.flatMap(({ answer }) => answer ?? []).filter((seen) => fits(seen, wanted));
        return {
          ...pageOf(rows, page, ({ serverId, network }) => `${serverId}:${network.id}`),
          unanswered: unansweredOf(asked, log),
        };
      },
    },
    {
      name: 'NetworkConnection',
      fields: (f) => ({
        totalCount: f.exposeInt('totalCount', { description: 'Those that fit, on all pages.' }),
        unanswered: f.expose('unanswered', {
          type: [UnansweredServer],
          description: 'Servers whose networks are missing here.',
        }),
      }),
    },
    { name: 'NetworkEdge' },
  ),
);

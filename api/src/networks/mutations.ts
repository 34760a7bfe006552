import type { Asker } from '../agents/asker.ts';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import type { RequestContext } from '../context.ts';
import { ServerKitError } from '../errors.ts';
import { heldOf } from '../graphql/held.ts';
import {
  ConnectNetworkInput,
  CreateNetworkInput,
  DisconnectNetworkInput,
  PruneNetworksInput,
  RemoveNetworkInput,
} from './inputs.ts';
import type { SeenNetwork } from './service.ts';
import { NetworkType, PruneNetworksPayload } from './types.ts';

const NetworkPayload = builder.objectRef<{ readonly network: SeenNetwork }>('NetworkPayload').implement({
  access: 'inherited',
  description: 'A network after a command.',
  fields: (t) => ({
    network: t.field({ type: NetworkType, description: 'As it is now.', resolve: ({ network }) => network }),
  }),
});

const RemoveNetworkPayload = builder
  .objectRef<{ readonly removedNetworkId: string }>('RemoveNetworkPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      removedNetworkId: t.exposeID('removedNetworkId', {
        description: 'The network that is gone, as it was named.',
      }),
    }),
  });

const askerOf = (context: RequestContext): Asker => ({ actor: actorOf(context), signal: context.signal });

builder.mutationFields((t) => ({
  createNetwork: t.field({
    type: NetworkPayload,
    access: 'docker:networks:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Makes a Docker network. Scope: docker:networks:write; docker:containers:privileged as well for drivers and options that reach the networks of the host.',
    args: { input: t.arg({ type: CreateNetworkInput, required: true }) },
    resolve: async (_root, { input: { serverId, subnets, options, labels, ...given } }, context) => ({
      network: await context.services.networks.create(
        serverId,
        {
          ...given,
          subnets: (subnets ?? []).map(({ subnet, gateway, ipRange }) => ({
            subnet,
            gateway: gateway ?? '',
            ipRange: ipRange ?? '',
          })),
          options: options ?? [],
          labels: labels ?? [],
        },
        { ...askerOf(context), heldScopes: heldOf(context, serverId, ['docker:containers:privileged']) },
      ),
    }),
  }),
  removeNetwork: t.field({
    type: RemoveNetworkPayload,
    access: 'docker:networks:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Deletes a Docker network; CONFLICT while a container is in it. Scope: docker:networks:write.',
    args: { input: t.arg({ type: RemoveNetworkInput, required: true }) },
    resolve: async (_root, { input: { serverId, networkId } }, context) => {
      await context.services.networks.remove(serverId, networkId, askerOf(context));
      return { removedNetworkId: networkId };
    },
  }),
  pruneNetworks: t.field({
    type: PruneNetworksPayload,
    access: 'docker:networks:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Deletes those of these networks that no container is in, and nothing else. Scope: docker:networks:write.',
    args: { input: t.arg({ type: PruneNetworksInput, required: true }) },
    resolve: async (_root, { input: { serverId, networkIds } }, context) => {
      const pruned = await context.services.networks.prune(serverId, networkIds, askerOf(context));
      if (pruned) return pruned;
      throw new ServerKitError('OUTCOME_UNKNOWN', 'It was done, and what it removed was lost with the link.');
    },
  }),
  connectNetwork: t.field({
    type: NetworkPayload,
    access: 'docker:networks:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Puts a container into a network, while it runs. Scope: docker:networks:write; docker:containers:privileged as well for a container that reaches beyond itself, and for a network that is on that of the host.',
    args: { input: t.arg({ type: ConnectNetworkInput, required: true }) },
    resolve: async (_root, { input: { aliases, ipv4, ipv6, ...pair } }, context) => ({
      network: await context.services.networks.connect(
        pair,
        { aliases: aliases ?? [], ipv4: ipv4 ?? '', ipv6: ipv6 ?? '' },
        { ...askerOf(context), heldScopes: heldOf(context, pair.serverId, ['docker:containers:privileged']) },
      ),
    }),
  }),
  disconnectNetwork: t.field({
    type: NetworkPayload,
    access: 'docker:networks:write',
    on: (_root, { input }) => input.serverId,
    description: 'Takes a container out of a network, while it runs. Scope: docker:networks:write.',
    args: { input: t.arg({ type: DisconnectNetworkInput, required: true }) },
    resolve: async (_root, { input: { force, ...pair } }, context) => ({
      network: await context.services.networks.disconnect(pair, force, askerOf(context)),
    }),
  }),
}));

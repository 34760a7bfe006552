import { builder } from '../builder.ts';
import { LabelType } from '../containers/types.ts';
import { ServerType } from '../servers/server-type.ts';
import type { NamedNetwork, PrunedNetworks, SeenNetwork } from './service.ts';

type AgentNetwork = SeenNetwork['network'];

const NetworkUser = builder.objectRef<AgentNetwork['users'][number]>('NetworkUser').implement({
  access: 'inherited',
  description: 'A container in a network, running or not.',
  fields: (t) => ({
    containerId: t.exposeID('containerId', { description: "The container, by Docker's id." }),
    containerName: t.exposeString('containerName', { description: 'Its name.' }),
    ipv4: t.exposeString('ipv4', { description: 'Its address; empty while it does not run.' }),
    ipv6: t.exposeString('ipv6', { description: 'Its address; empty without one.' }),
    mac: t.exposeString('mac', { description: 'Its hardware address; empty while it does not run.' }),
    running: t.exposeBoolean('running', { description: 'Whether it runs.' }),
  }),
});

const Subnet = builder.objectRef<AgentNetwork['subnets'][number]>('Subnet').implement({
  access: 'inherited',
  description: 'Addresses of a network.',
  fields: (t) => ({
    gateway: t.exposeString('gateway', { description: 'The way out; empty where there is none.' }),
    ipRange: t.exposeString('ipRange', {
      description: 'The part that addresses are given out of, as CIDR; empty for all of it.',
    }),
    subnet: t.exposeString('subnet', { description: 'As CIDR: 172.20.0.0/16.' }),
  }),
});

export const NetworkType = builder.objectRef<SeenNetwork>('Network').implement({
  access: 'docker:networks:read',
  on: ({ serverId }) => serverId,
  description: 'A Docker network on a server.',
  fields: (t) => ({
    attachable: t.boolean({
      description: 'Of a cluster, and open to containers that are not services.',
      resolve: ({ network }) => network.attachable,
    }),
    builtIn: t.boolean({
      description: "One of Docker's own (bridge, host, none), which cannot be removed.",
      resolve: ({ network }) => network.builtIn,
    }),
    createdAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was made.',
      resolve: ({ network: { createdAt } }) => (createdAt === null ? null : new Date(createdAt)),
    }),
    driver: t.string({
      description: 'bridge, overlay, macvlan, …',
      resolve: ({ network }) => network.driver,
    }),
    id: t.id({ description: "Docker's id.", resolve: ({ network }) => network.id }),
    internal: t.boolean({
      description: 'Without a way out of the host.',
      resolve: ({ network }) => network.internal,
    }),
    ipv6: t.boolean({
      description: 'Whether it gives IPv6 addresses.',
      resolve: ({ network }) => network.ipv6,
    }),
    labels: t.field({
      type: [LabelType],
      description: 'Its labels.',
      resolve: ({ network }) => network.labels,
    }),
    name: t.string({ description: 'Its name.', resolve: ({ network }) => network.name }),
    options: t.field({
      type: [LabelType],
      description: 'Options of its driver.',
      resolve: ({ network }) => network.options,
    }),
    scope: t.string({ description: 'local, swarm or global.', resolve: ({ network }) => network.scope }),
    server: t.prismaField({
      type: ServerType,
      description: 'The server it is on.',
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUniqueOrThrow({ ...query, where: { id: serverId } }),
    }),
    serverId: t.exposeID('serverId', { description: 'The server it is on.' }),
    subnets: t.field({
      type: [Subnet],
      description: 'Its addresses; none where its driver gives none.',
      resolve: ({ network }) => network.subnets,
    }),
    users: t.field({
      type: [NetworkUser],
      description: 'The containers in it.',
      resolve: ({ network }) => network.users,
    }),
  }),
});

export const NamedNetworkType = builder.objectRef<NamedNetwork>('NamedNetwork').implement({
  access: 'inherited',
  description: 'A Docker network, by id and name.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Docker's id." }),
    name: t.exposeString('name', { description: 'Its name.' }),
  }),
});

const KeptNetwork = builder.objectRef<PrunedNetworks['kept'][number]>('KeptNetwork').implement({
  access: 'inherited',
  description: 'A network that was to be pruned and stays.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Docker's id." }),
    name: t.exposeString('name', { description: 'Its name; empty for one that is gone.' }),
    reason: t.exposeString('reason', { description: 'Why, as a sentence in English.' }),
  }),
});

export const PruneNetworksPayload = builder.objectRef<PrunedNetworks>('PruneNetworksPayload').implement({
  access: 'inherited',
  fields: (t) => ({
    kept: t.field({
      type: [KeptNetwork],
      description: 'Those that a container is in by now, or could not be removed.',
      resolve: ({ kept }) => kept,
    }),
    removed: t.field({
      type: [NamedNetworkType],
      description: 'Those that are gone.',
      resolve: ({ removed }) => removed,
    }),
  }),
});

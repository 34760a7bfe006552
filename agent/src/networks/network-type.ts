import { builder } from '../builder.ts';
import { LabelType } from '../docker/container-type.ts';
import type { KeptNetwork, Network, NetworkUser, PrunedNetworks, Subnet } from './network.ts';

const User = builder.objectRef<NetworkUser>('NetworkUser').implement({
  description: 'A container in the network, running or not.',
  fields: (t) => ({
    containerId: t.exposeID('containerId'),
    containerName: t.exposeString('containerName'),
    running: t.exposeBoolean('running'),
    ipv4: t.exposeString('ipv4', { description: 'Empty while it does not run.' }),
    ipv6: t.exposeString('ipv6'),
    mac: t.exposeString('mac'),
  }),
});

const SubnetType = builder.objectRef<Subnet>('Subnet').implement({
  fields: (t) => ({
    subnet: t.exposeString('subnet', { description: 'CIDR.' }),
    gateway: t.exposeString('gateway', { description: 'Empty where there is none.' }),
    ipRange: t.exposeString('ipRange', {
      description: 'The part that addresses are given out of; empty for all of it.',
    }),
  }),
});

export const NetworkType = builder.objectRef<Network>('Network').implement({
  description: 'A network of containers. Times are ms since 1970.',
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    driver: t.exposeString('driver'),
    scope: t.exposeString('scope', { description: 'local, swarm or global.' }),
    createdAt: t.expose('createdAt', { type: 'SafeInt', nullable: true }),
    internal: t.exposeBoolean('internal', { description: 'Without a way out of the host.' }),
    attachable: t.exposeBoolean('attachable'),
    ipv6: t.exposeBoolean('ipv6'),
    builtIn: t.exposeBoolean('builtIn', { description: "One of the engine's own, which cannot be removed." }),
    subnets: t.expose('subnets', { type: [SubnetType] }),
    labels: t.expose('labels', { type: [LabelType] }),
    options: t.expose('options', { type: [LabelType], description: 'Of its driver.' }),
    users: t.expose('users', { type: [User] }),
  }),
});

export interface NetworkPage {
  readonly items: readonly Network[];
  readonly next: string | null;
}

export const NetworkPageType = builder.objectRef<NetworkPage>('NetworkPage').implement({
  fields: (t) => ({
    items: t.expose('items', { type: [NetworkType] }),
    next: t.exposeString('next', {
      nullable: true,
      description: 'What to pass as after; null on the last page.',
    }),
  }),
});

export const NamedNetworkType = builder
  .objectRef<{ readonly id: string; readonly name: string }>('NamedNetwork')
  .implement({
    fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') }),
  });

const Kept = builder.objectRef<KeptNetwork>('KeptNetwork').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name', { description: 'Empty for one that is gone.' }),
    reason: t.exposeString('reason'),
  }),
});

export const PrunedNetworksType = builder.objectRef<PrunedNetworks>('PrunedNetworks').implement({
  fields: (t) => ({
    removed: t.expose('removed', { type: [NamedNetworkType] }),
    kept: t.expose('kept', { type: [Kept] }),
  }),
});

export const SubnetInput = builder.inputType('SubnetInput', {
  fields: (t) => ({
    subnet: t.string({ required: true, description: 'CIDR.' }),
    gateway: t.string({ required: true, defaultValue: '' }),
    ipRange: t.string({ required: true, defaultValue: '' }),
  }),
});

import * as z from 'zod';
import { builder } from '../builder.ts';
import { LabelInput, labelsText } from '../label-input.ts';
import { address, aliases, cidr, ipv4, ipv6, networkName, networkReference } from './names.ts';

const SubnetInput = builder.inputType('SubnetInput', {
  description: 'Addresses of a network.',
  fields: (t) => ({
    gateway: t.string({ description: "The way out; Docker's choice when absent.", validate: address }),
    ipRange: t.string({
      description: 'The part to give addresses out of, as CIDR; all of it when absent.',
      validate: cidr,
    }),
    subnet: t.string({ required: true, description: 'As CIDR: 172.20.0.0/16.', validate: cidr }),
  }),
});

const containerReference = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/, 'must be the id or the name of a container');

export const CreateNetworkInput = builder.inputType('CreateNetworkInput', {
  fields: (t) => ({
    attachable: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Of a cluster: open to containers that are not services.',
    }),
    driver: t.string({
      required: true,
      defaultValue: 'bridge',
      description: 'bridge; any other takes docker:containers:privileged.',
      validate: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_./:-]{0,254}$/, 'must be the name of a driver'),
    }),
    internal: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Without a way out of the host.',
    }),
    ipv6: t.boolean({ required: true, defaultValue: false, description: 'With IPv6 addresses.' }),
    labels: t.field({ type: [LabelInput], description: 'At most 100.', validate: labelsText }),
    name: t.string({ required: true, description: 'Up to 128 characters.', validate: networkName }),
    options: t.field({
      type: [LabelInput],
      description:
        'Options of the driver. Beyond MTU and traffic between containers they take docker:containers:privileged.',
      validate: labelsText,
    }),
    serverId: t.id({ required: true }),
    subnets: t.field({
      type: [SubnetInput],
      description: "At most 8; of Docker's choice when absent.",
      validate: z.array(z.unknown()).max(8, 'at most 8'),
    }),
  }),
});

export const RemoveNetworkInput = builder.inputType('RemoveNetworkInput', {
  fields: (t) => ({
    networkId: t.id({ required: true, description: 'By id or name.', validate: networkReference }),
    serverId: t.id({ required: true }),
  }),
});

export const PruneNetworksInput = builder.inputType('PruneNetworksInput', {
  fields: (t) => ({
    networkIds: t.idList({
      required: true,
      description: '1 to 1,000 networks, as Server.unusedNetworks named them.',
      validate: z
        .array(z.string().regex(/^[a-z0-9]{1,64}$/, 'must be full ids'))
        .min(1, 'must name at least one')
        .max(1_000),
    }),
    serverId: t.id({ required: true }),
  }),
});

export const ConnectNetworkInput = builder.inputType('ConnectNetworkInput', {
  fields: (t) => ({
    aliases: t.stringList({
      description: 'Names that the other containers of the network know it by; at most 20.',
      validate: aliases,
    }),
    containerId: t.id({ required: true, validate: containerReference }),
    ipv4: t.string({ description: "Of the network's choice when absent.", validate: ipv4 }),
    ipv6: t.string({ description: "Of the network's choice when absent.", validate: ipv6 }),
    networkId: t.id({ required: true, description: 'By id or name.', validate: networkReference }),
    serverId: t.id({ required: true }),
  }),
});

export const DisconnectNetworkInput = builder.inputType('DisconnectNetworkInput', {
  fields: (t) => ({
    containerId: t.id({ required: true, validate: containerReference }),
    force: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Also when its network driver objects.',
    }),
    networkId: t.id({ required: true, description: 'By id or name.', validate: networkReference }),
    serverId: t.id({ required: true }),
  }),
});

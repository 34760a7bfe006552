import { workOf } from '../containers/work.ts';
import { allow } from '../docker/privilege/guard.ts';
import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import type { Engine } from '../docker/engine.ts';
import { LabelInput } from '../docker/label-input.ts';
import { namedPage } from '../docker/pages.ts';
import { AgentError } from '../errors.ts';
import { scoped } from '../scoped.ts';
import type { NewNetwork } from './network.ts';
import {
  NamedNetworkType,
  NetworkPageType,
  NetworkType,
  PrunedNetworksType,
  SubnetInput,
} from './network-type.ts';
import {
  connectContainer,
  createNetwork,
  disconnectContainer,
  findNetwork,
  listNetworks,
  pruneNetworks,
  removeNetwork,
  unusedNetworks,
} from './networks.ts';
import { mayJoin, networkProblem } from './privilege.ts';

const MAX_PAGE = 500;
/** A prune names what it removes. */
const MAX_PRUNED = 1000;
/** The engine's own rule (moby, names.RestrictedNamePattern). */
const networkName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

function engineOf({ services }: OperationContext): Engine {
  services.policy.requireFeature('docker');
  return services.docker.engine;
}

builder.queryField('networks', (t) =>
  t.field({
    ...scoped('docker:networks:read'),
    description: 'By name.',
    type: NetworkPageType,
    args: {
      first: t.arg.int({ required: true, defaultValue: 200, description: `At most ${MAX_PAGE}.` }),
      after: t.arg.string(),
    },
    async resolve(_root, { first, after }, context) {
      if (first < 1 || first > MAX_PAGE) {
        throw new AgentError('INPUT_INVALID', `first must be between 1 and ${MAX_PAGE}.`);
      }
      return namedPage(await listNetworks(engineOf(context)), first, after ?? null);
    },
  }),
);

builder.queryField('network', (t) =>
  t.field({
    ...scoped('docker:networks:read'),
    description: 'Null when there is no such network.',
    type: NetworkType,
    nullable: true,
    args: { id: t.arg.id({ required: true, description: 'Or its name.' }) },
    async resolve(_root, { id }, context) {
      try {
        return await findNetwork(engineOf(context), id);
      } catch (error) {
        if (error instanceof AgentError && error.code === 'NOT_FOUND') return null;
        throw error;
      }
    },
  }),
);

builder.queryField('unusedNetworks', (t) =>
  t.field({
    ...scoped('docker:networks:read'),
    description: 'Those that no container is in, not even a stopped one.',
    type: [NamedNetworkType],
    resolve: (_root, _args, context) => unusedNetworks(engineOf(context)),
  }),
);

/** @throws AgentError PRIVILEGE_NEEDED */
function requirePrivilege(network: NewNetwork, { scopes, services }: OperationContext): void {
  const why = networkProblem(network);
  const outside = why === undefined ? [] : [{ option: 'it', why }];
  const authority = { scopes, deniesPath: (path: string) => services.policy.deniesPath(path) };
  allow({ outside, paths: [] }, authority, 'Creating this network');
}

builder.mutationField('createNetwork', (t) =>
  t.field({
    ...scoped('docker:networks:write'),
    description:
      'Takes docker:containers:privileged as well for another driver than bridge, and for options beyond MTU and traffic between containers.',
    type: NetworkType,
    args: {
      name: t.arg.string({ required: true }),
      driver: t.arg.string({ required: true, defaultValue: 'bridge' }),
      internal: t.arg.boolean({ required: true, defaultValue: false }),
      attachable: t.arg.boolean({ required: true, defaultValue: false }),
      ipv6: t.arg.boolean({ required: true, defaultValue: false }),
      subnets: t.arg({ type: [SubnetInput], required: true }),
      options: t.arg({ type: [LabelInput], required: true }),
      labels: t.arg({ type: [LabelInput], required: true }),
    },
    resolve(_root, given, context) {
      if (!networkName.test(given.name)) {
        throw new AgentError(
          'INPUT_INVALID',
          'A name has up to 128 letters, digits, "_", "." or "-", and begins with a letter or digit.',
        );
      }
      requirePrivilege(given, context);
      return createNetwork(engineOf(context), given, context.signal);
    },
  }),
);

builder.mutationField('removeNetwork', (t) =>
  t.field({
    ...scoped('docker:networks:write'),
    description: 'One that a container is in is a CONFLICT.',
    type: NamedNetworkType,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => removeNetwork(engineOf(context), id, context.signal),
  }),
);

builder.mutationField('pruneNetworks', (t) =>
  t.field({
    ...scoped('docker:networks:write'),
    description: 'Removes those of these networks that no container is in.',
    type: PrunedNetworksType,
    args: { ids: t.arg.idList({ required: true, description: `Full ids, at most ${MAX_PRUNED}.` }) },
    resolve(_root, { ids }, context) {
      if (ids.length > MAX_PRUNED) {
        throw new AgentError('INPUT_INVALID', `At most ${MAX_PRUNED} networks at once.`);
      }
      return pruneNetworks(engineOf(context), ids, context.signal);
    },
  }),
);

interface Pair {
  readonly networkId: string;
  readonly containerId: string;
}

/** Both by their full ids, so that the engine cannot take the one for another. @throws AgentError NOT_FOUND */
async function pairOf({ networkId, containerId }: Pair, context: OperationContext) {
  const network = await findNetwork(engineOf(context), networkId);
  const details = await context.services.docker.details(containerId);
  if (!details) throw new AgentError('NOT_FOUND', 'There is no such container.');
  return { network, container: details.container.id };
}

builder.mutationField('connectNetwork', (t) =>
  t.field({
    ...scoped('docker:networks:write'),
    description: 'Puts a container into a network.',
    type: NetworkType,
    args: {
      networkId: t.arg.id({ required: true }),
      containerId: t.arg.id({ required: true }),
      aliases: t.arg.stringList({ required: true, description: 'Names that the others there know it by.' }),
      ipv4: t.arg.string({
        required: true,
        defaultValue: '',
        description: "Empty for one of the network's choice.",
      }),
      ipv6: t.arg.string({ required: true, defaultValue: '' }),
    },
    async resolve(_root, { aliases, ipv4, ipv6, ...pair }, context) {
      const { network, container } = await pairOf(pair, context);
      await mayJoin(network.id, container, workOf(context));
      await connectContainer(
        engineOf(context),
        { network: network.id, container, aliases, ipv4, ipv6 },
        context.signal,
      );
      return findNetwork(engineOf(context), network.id);
    },
  }),
);

builder.mutationField('disconnectNetwork', (t) =>
  t.field({
    ...scoped('docker:networks:write'),
    description: 'Takes a container out of a network.',
    type: NetworkType,
    args: {
      networkId: t.arg.id({ required: true }),
      containerId: t.arg.id({ required: true }),
      force: t.arg.boolean({ required: true, defaultValue: false }),
    },
    async resolve(_root, { force, ...pair }, context) {
      const { network, container } = await pairOf(pair, context);
      const { signal } = context;
      await disconnectContainer(engineOf(context), { network: network.id, container }, { force, signal });
      return findNetwork(engineOf(context), network.id);
    },
  }),
);

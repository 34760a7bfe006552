import type { ServerScope } from '@serverkit/wire/scopes.ts';
import * as z from 'zod';
import type { Rights } from '../access/rights.ts';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { FleetContainerFilter } from '../containers/filter-type.ts';
import type { ContainerAction } from '../containers/service.ts';
import type { RequestContext } from '../context.ts';
import { each, everywhere } from '../graphql/access.ts';
import { requireOn } from '../graphql/refusals.ts';
import { renewed } from '../graphql/renewal.ts';
import { containerReference, nameText } from '../input-text.ts';
import { ServerFilterInput } from '../servers/filter-type.ts';
import { notFound } from '../errors.ts';
import { BulkContainerResult, BulkServerResult, type ContainerTarget } from './result-type.ts';
import {
  mostTargets,
  refuseEmpty,
  selectedContainers,
  selectedServers,
  type ServerSelection,
} from './selection.ts';
import { inBulk, type Outcome } from './service.ts';

const tags = z.array(nameText(40)).max(20, 'at most 20 tags');

const BulkContainerAction = builder.enumType('BulkContainerAction', {
  description: 'What to do to each container.',
  values: {
    KILL: { description: 'Sends SIGKILL to the main process.' },
    PAUSE: { description: 'Freezes every process.' },
    REMOVE: { description: 'Deletes it; a running one only with `force`.' },
    RESTART: { description: 'Stops and starts it.' },
    START: { description: 'Starts it.' },
    STOP: { description: 'Stops it.' },
    UNPAUSE: { description: 'Lets it go on.' },
  } as const,
});

const BulkServerAction = builder.enumType('BulkServerAction', {
  description: 'What to do to each server.',
  values: {
    BEGIN_MAINTENANCE: { description: 'Scope: servers:write.' },
    DELETE: { description: 'Removes it with its history. Scope: servers:write; needs a fresh sign-in.' },
    END_MAINTENANCE: { description: 'Scope: servers:write.' },
    RESTART_AGENT: { description: 'Scope: agent:restart.' },
  } as const,
});

const ContainerTargetInput = builder.inputType('ContainerTarget', {
  description: 'A container on a server.',
  fields: (t) => ({
    containerId: t.id({
      required: true,
      description: "By Docker's id or its name.",
      validate: containerReference,
    }),
    serverId: t.id({ required: true, description: 'The server it is on.' }),
  }),
});

const BulkContainersInput = builder.inputType('BulkContainersInput', {
  fields: (t) => ({
    action: t.field({ type: BulkContainerAction, required: true, description: 'What to do to each.' }),
    force: t.boolean({
      required: true,
      defaultValue: false,
      description: 'For REMOVE: also those that are running.',
    }),
    removeVolumes: t.boolean({
      required: true,
      defaultValue: false,
      description: 'For REMOVE: with their anonymous volumes.',
    }),
    filter: t.field({
      type: FleetContainerFilter,
      description: `Those that fit, ${mostTargets} at most; instead of targets.`,
    }),
    targets: t.field({
      type: [ContainerTargetInput],
      description: `1 to ${mostTargets} containers; instead of a filter.`,
      validate: z.array(z.unknown()).min(1, 'must name at least one').max(mostTargets),
    }),
    timeoutSeconds: t.int({
      description: "For STOP and RESTART: how long to wait; each container's own setting when absent.",
      validate: z.number().int().min(0).max(86_400),
    }),
  }),
});

const filterField = {
  type: ServerFilterInput,
  description: `Those that fit and are seen, ${mostTargets} at most; instead of serverIds.`,
} as const;

const serverIdsField = {
  description: `1 to ${mostTargets} servers, by id; instead of a filter.`,
  validate: z.array(z.string().max(100)).min(1, 'must name at least one').max(mostTargets),
} as const;

const BulkServersInput = builder.inputType('BulkServersInput', {
  fields: (t) => ({
    action: t.field({ type: BulkServerAction, required: true, description: 'What to do to each.' }),
    filter: t.field(filterField),
    serverIds: t.idList(serverIdsField),
  }),
});

const TagServersInput = builder.inputType('TagServersInput', {
  fields: (t) => ({
    add: t.stringList({ description: 'Tags to put on each; at most 20 fit on a server.', validate: tags }),
    remove: t.stringList({ description: 'Tags to take off each.', validate: tags }),
    filter: t.field(filterField),
    serverIds: t.idList(serverIdsField),
  }),
});

const MoveServersInput = builder.inputType('MoveServersInput', {
  fields: (t) => ({
    groupId: t.id({ description: 'The group to put them into; null for none.' }),
    filter: t.field(filterField),
    serverIds: t.idList(serverIdsField),
  }),
});

type ContainersInput = typeof BulkContainersInput.$inferInput;

function containerWork(input: ContainersInput, context: RequestContext) {
  const { services, signal } = context;
  const asker = { actor: actorOf(context), signal };
  const { force, removeVolumes } = input;
  return async ({ serverId, containerId }: ContainerTarget): Promise<unknown> => {
    if (input.action !== 'REMOVE') {
      const action = actionOf(input.action, input.timeoutSeconds);
      return services.containers.act(serverId, containerId, action, asker);
    }
    if (removeVolumes) {
      requireOn(context, { access: 'docker:volumes:write', where: serverId }, 'mutation.bulkContainers');
    }
    return services.containers.remove(serverId, containerId, { force, removeVolumes }, asker);
  };
}

function actionOf(
  action: Exclude<ContainersInput['action'], 'REMOVE'>,
  timeoutSeconds: number | null | undefined,
): ContainerAction {
  switch (action) {
    case 'KILL':
      return { kind: 'kill', signal: 'SIGKILL' };
    case 'STOP':
      return { kind: 'stop', timeoutSeconds: timeoutSeconds ?? null };
    case 'RESTART':
      return { kind: 'restart', timeoutSeconds: timeoutSeconds ?? null };
    case 'PAUSE':
      return { kind: 'pause' };
    case 'UNPAUSE':
      return { kind: 'unpause' };
    case 'START':
      return { kind: 'start' };
  }
}

function serverWork(action: typeof BulkServersInput.$inferInput.action, context: RequestContext): ServerWork {
  const { servers } = context.services;
  const actor = actorOf(context);
  return (id, rights) => {
    switch (action) {
      case 'BEGIN_MAINTENANCE':
        return servers.update(id, { maintenance: true }, actor);
      case 'END_MAINTENANCE':
        return servers.update(id, { maintenance: false }, actor);
      case 'DELETE':
        return servers.delete(id, { actor, rights });
      case 'RESTART_AGENT':
        return servers.restartAgent(id, actor);
    }
  };
}

/** With the rights that are held as its turn comes. */
type ServerWork = (serverId: string, rights: Rights) => Promise<unknown>;

interface Deed {
  readonly context: RequestContext;
  readonly scope: ServerScope;
  readonly field: string;
}

/** The same to each of the servers on which the scope is held; each once, however often it is named. */
async function eachServer(
  selection: ServerSelection,
  { context, scope, field }: Deed,
  work: ServerWork,
): Promise<Outcome<string>[]> {
  return inBulk({
    targets: await selectedServers(selection, context),
    serverOf: (id) => id,
    signal: context.signal,
    work: async (id) => {
      // Its turn may come long after the whole was allowed.
      const now = await renewed(context);
      requireOn(now, { access: scope, where: id }, `mutation.${field}`);
      await work(id, now.principal.rights);
    },
  });
}

builder.mutationFields((t) => ({
  bulkContainers: t.field({
    type: [BulkContainerResult],
    access: 'docker:containers:write',
    on: each,
    description:
      'Does the same to many containers, on any servers, and tells how each ended. Scope: docker:containers:write on the server of each.',
    args: { input: t.arg({ type: BulkContainersInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const work = containerWork(input, context);
      if (input.action === 'REMOVE') refuseEmpty(input.filter);
      return inBulk<ContainerTarget>({
        targets: await selectedContainers(input, context),
        serverOf: ({ serverId }) => serverId,
        signal: context.signal,
        work: async (target) => {
          const need = { access: 'docker:containers:write', where: target.serverId } as const;
          requireOn(await renewed(context), need, 'mutation.bulkContainers');
          await work(target);
        },
      });
    },
  }),
  bulkServers: t.field({
    type: [BulkServerResult],
    access: 'servers:read',
    on: each,
    fresh: ({ input }) => input.action === 'DELETE',
    description:
      'Does the same to many servers and tells how each ended. Scope: servers:read, and on each server agent:restart for RESTART_AGENT, servers:write for the rest; DELETE takes settings:write as well where terminals on it had to be recorded.',
    args: { input: t.arg({ type: BulkServersInput, required: true }) },
    resolve: (_root, { input }, context) => {
      if (input.action === 'DELETE') refuseEmpty(input.filter);
      const scope = input.action === 'RESTART_AGENT' ? 'agent:restart' : 'servers:write';
      const deed = { context, scope, field: 'bulkServers' } as const;
      return eachServer(input, deed, serverWork(input.action, context));
    },
  }),
  moveServers: t.field({
    type: [BulkServerResult],
    access: 'servers:write',
    on: everywhere,
    description:
      'Puts servers into a group, or into none; grants on groups follow. Scope: servers:write on every server.',
    args: { input: t.arg({ type: MoveServersInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const ids = await selectedServers(input, context);
      const moved = await context.services.groups.move(ids, input.groupId ?? null, context);
      return ids.map((id) => ({ target: id, error: moved.has(id) ? null : notFound('server', id) }));
    },
  }),
  tagServers: t.field({
    type: [BulkServerResult],
    access: 'servers:write',
    on: each,
    description: 'Puts tags on servers and takes others off. Scope: servers:write on each.',
    args: { input: t.arg({ type: TagServersInput, required: true }) },
    resolve: (_root, { input: { add, remove, ...selection } }, context) => {
      const deed = { context, scope: 'servers:write', field: 'tagServers' } as const;
      const change = { add: add ?? [], remove: remove ?? [] };
      return eachServer(selection, deed, (id) => context.services.servers.tag(id, change, actorOf(context)));
    },
  }),
}));

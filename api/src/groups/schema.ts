import * as z from 'zod';
import { placesChanged } from '../access/events.ts';
import { builder } from '../builder.ts';
import { each, everywhere } from '../graphql/access.ts';
import { nameText } from '../input-text.ts';
import { ServerType } from '../servers/server-type.ts';
import { GroupColour, GroupType } from './group-type.ts';
import { mostLevels, type Group } from './service.ts';

const name = nameText(60);
const icon = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be 1 to 40 lower-case letters, digits or dashes');
const position = z.number().int().min(0).max(100_000);

builder.prismaObjectFields(ServerType, (t) => ({
  group: t.field({
    type: GroupType,
    nullable: true,
    description: 'The group it is in, if any.',
    resolve: ({ groupId }, _args, { services, principal: { rights } }) =>
      groupId === null ? null : (services.groups.find(groupId, rights) ?? null),
  }),
}));

builder.queryField('serverGroups', (t) =>
  t.field({
    type: [GroupType],
    access: 'servers:read',
    on: each,
    description:
      'The groups, by position. Who is limited to some servers sees the groups these are in. Scope: servers:read.',
    resolve: (_root, _args, { services, principal: { rights } }) => services.groups.seen(rights),
  }),
);

builder.subscriptionField('serverGroups', (t) =>
  t.field({
    type: [GroupType],
    access: 'servers:read',
    on: each,
    overflow: 'skip',
    description: 'The groups: now, and again whenever they or what is in them changed. Scope: servers:read.',
    snapshot: () => [{}],
    subscribe: (_root, _args, { services, signal, principal: { rights } }) =>
      services.topics.subscribe(placesChanged, { signal, where: services.groups.watch(rights) }),
    resolve: (_change, _args, { services, principal: { rights } }) => services.groups.seen(rights),
  }),
);

const CreateServerGroupInput = builder.inputType('CreateServerGroupInput', {
  fields: (t) => ({
    colour: t.field({
      type: GroupColour,
      required: true,
      defaultValue: 'GREY',
      description: 'The colour to show it in.',
    }),
    icon: t.string({
      required: true,
      defaultValue: 'folder',
      description: 'The name of an icon: lower-case letters, digits and dashes.',
      validate: icon,
    }),
    name: t.string({ required: true, description: '1 to 60 characters.', validate: name }),
    parentId: t.id({ description: `The group to lie in; ${mostLevels} levels at most.` }),
    position: t.int({
      required: true,
      defaultValue: 0,
      description: 'Where it stands among the groups beside it.',
      validate: position,
    }),
  }),
});

const UpdateServerGroupInput = builder.inputType('UpdateServerGroupInput', {
  fields: (t) => ({
    colour: t.field({ type: GroupColour, description: 'The colour to show it in.' }),
    groupId: t.id({ required: true, description: 'The group, by its id.' }),
    icon: t.string({ description: 'The name of an icon.', validate: icon }),
    name: t.string({ description: '1 to 60 characters.', validate: name }),
    parentId: t.id({ description: 'The group to lie in; null takes it out of the one it is in.' }),
    position: t.int({ description: 'Where it stands among the groups beside it.', validate: position }),
  }),
});

const DeleteServerGroupInput = builder.inputType('DeleteServerGroupInput', {
  fields: (t) => ({ groupId: t.id({ required: true, description: 'The group, by its id.' }) }),
});

const ServerGroupPayload = builder.objectRef<{ readonly group: Group }>('ServerGroupPayload').implement({
  access: 'inherited',
  description: 'What is answered when a group was made or changed.',
  fields: (t) => ({
    group: t.field({ type: GroupType, description: 'As it is now.', resolve: ({ group }) => group }),
  }),
});

const DeleteServerGroupPayload = builder
  .objectRef<{ readonly deletedGroupId: string }>('DeleteServerGroupPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({ deletedGroupId: t.exposeID('deletedGroupId', { description: 'What is gone.' }) }),
  });

builder.mutationFields((t) => ({
  createServerGroup: t.field({
    type: ServerGroupPayload,
    access: 'servers:write',
    on: everywhere,
    description: 'Makes a group. Scope: servers:write on every server.',
    args: { input: t.arg({ type: CreateServerGroupInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      group: await context.services.groups.create({ ...input, parentId: input.parentId ?? null }, context),
    }),
  }),
  updateServerGroup: t.field({
    type: ServerGroupPayload,
    access: 'servers:write',
    on: everywhere,
    description:
      'Changes what was given; what is left out stays. Grants on a group follow it. Scope: servers:write on every server.',
    args: { input: t.arg({ type: UpdateServerGroupInput, required: true }) },
    resolve: async (_root, { input: { groupId, parentId, ...rest } }, context) => {
      const { colour, icon: image, name: called, position: place } = rest;
      const patch = {
        ...(colour != null && { colour }),
        ...(image != null && { icon: image }),
        ...(called != null && { name: called }),
        ...(place != null && { position: place }),
        ...(parentId !== undefined && { parentId }),
      };
      return { group: await context.services.groups.update(groupId, patch, context) };
    },
  }),
  deleteServerGroup: t.field({
    type: DeleteServerGroupPayload,
    access: 'servers:write',
    on: everywhere,
    description:
      'Removes a group with the grants on it; what is in it goes to the group above. Scope: servers:write on every server.',
    args: { input: t.arg({ type: DeleteServerGroupInput, required: true }) },
    resolve: async (_root, { input: { groupId } }, context) => {
      await context.services.groups.delete(groupId, context);
      return { deletedGroupId: groupId };
    },
  }),
}));

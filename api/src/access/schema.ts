import type { AccessGrant } from '@serverkit/prisma/generated/client/client.ts';
import * as z from 'zod';
import { builder } from '../builder.ts';
import { UserAccess } from './user-access-type.ts';

const Grant = builder.prismaObject('AccessGrant', {
  name: 'Grant',
  access: 'users:read',
  description:
    'What someone with the access GRANTED may do on a server, or on every server of a group and the groups in it.',
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was given.' }),
    groupId: t.exposeID('groupId', {
      nullable: true,
      description: 'The group; null when it is for a server.',
    }),
    id: t.exposeID('id', { description: 'Opaque, gnt_….' }),
    scopes: t.exposeStringList('scopes', { description: 'Patterns; the role stays the ceiling.' }),
    serverId: t.exposeID('serverId', {
      nullable: true,
      description: 'The server; null when it is for a group.',
    }),
    user: t.relation('user', { description: 'Whom it is given to.' }),
    userId: t.exposeID('userId', { description: 'Whom it is given to, by id.' }),
  }),
});

builder.prismaObjectFields('User', (t) => ({
  access: t.field({
    type: UserAccess,
    description: 'Whether the role holds everywhere or on the servers of the grants alone.',
    resolve: ({ access, role }) => (access === 'all' || role === 'admin' ? 'all' : 'granted'),
  }),
}));

const GrantFilter = builder.inputType('GrantFilter', {
  description: 'Which grants to list. All that is given must hold.',
  fields: (t) => ({
    groupId: t.id({ description: 'Those on this group itself.' }),
    serverId: t.id({ description: 'Those on this server itself.' }),
    userId: t.id({ description: 'Those of this person.' }),
  }),
});

builder.queryField('grants', (t) =>
  t.prismaConnection(
    {
      type: Grant,
      cursor: 'id',
      access: 'users:read',
      description: 'Who may do what on which servers only. Scope: users:read.',
      args: { filter: t.arg({ type: GrantFilter, description: 'Only these.' }) },
      resolve: (query, _root, { filter }, { db }) =>
        db.prisma.accessGrant.findMany({
          ...query,
          where: {
            ...(filter?.groupId && { groupId: filter.groupId }),
            ...(filter?.serverId && { serverId: filter.serverId }),
            ...(filter?.userId && { userId: filter.userId }),
          },
          orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        }),
    },
    { name: 'GrantConnection' },
    { name: 'GrantEdge' },
  ),
);

const GrantAccessInput = builder.inputType('GrantAccessInput', {
  fields: (t) => ({
    groupId: t.id({
      description: 'The group; its servers and those of the groups in it, wherever they move.',
    }),
    scopes: t.stringList({
      required: true,
      defaultValue: ['*'],
      description: 'Patterns. servers:read comes with them; * is all that the role allows.',
      validate: z.array(z.string().max(100)).min(1, 'must name at least one').max(100),
    }),
    serverId: t.id({ description: 'The server; either this or a group.' }),
    userId: t.id({ required: true, description: 'Whom to give it to.' }),
  }),
});

const RevokeGrantInput = builder.inputType('RevokeGrantInput', {
  fields: (t) => ({ grantId: t.id({ required: true, description: 'The grant, by its id.' }) }),
});

const SetUserAccessInput = builder.inputType('SetUserAccessInput', {
  fields: (t) => ({
    access: t.field({ type: UserAccess, required: true, description: 'Where the role holds from now on.' }),
    userId: t.id({ required: true, description: 'Whose access it is.' }),
  }),
});

const GrantAccessPayload = builder
  .objectRef<{ readonly grant: AccessGrant }>('GrantAccessPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      grant: t.field({ type: Grant, description: 'As it is now.', resolve: ({ grant }) => grant }),
    }),
  });

const RevokeGrantPayload = builder
  .objectRef<{ readonly revokedGrantId: string }>('RevokeGrantPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({ revokedGrantId: t.exposeID('revokedGrantId', { description: 'What is gone.' }) }),
  });

const SetUserAccessPayload = builder
  .objectRef<{ readonly userId: string }>('SetUserAccessPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      user: t.prismaField({
        type: 'User',
        description: 'As they are now.',
        resolve: (query, { userId }, _args, { db }) =>
          db.prisma.user.findUniqueOrThrow({ ...query, where: { id: userId } }),
      }),
    }),
  });

builder.mutationFields((t) => ({
  grantAccess: t.field({
    type: GrantAccessPayload,
    access: 'users:write',
    fresh: true,
    description:
      'Gives someone scopes on a server or a group, in place of those given there before. Nobody gives what they do not hold. Scope: users:write; needs a fresh sign-in.',
    args: { input: t.arg({ type: GrantAccessInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      grant: await context.services.access.grants.give(input, context),
    }),
  }),
  revokeGrant: t.field({
    type: RevokeGrantPayload,
    access: 'users:write',
    fresh: true,
    description:
      'Takes a grant away; what it opened ends at once. Scope: users:write; needs a fresh sign-in.',
    args: { input: t.arg({ type: RevokeGrantInput, required: true }) },
    resolve: async (_root, { input: { grantId } }, context) => {
      await context.services.access.grants.revoke(grantId, context);
      return { revokedGrantId: grantId };
    },
  }),
  setUserAccess: t.field({
    type: SetUserAccessPayload,
    access: 'users:write',
    fresh: true,
    description:
      'Limits someone to their grants, or lets their role hold on every server. Administrators cannot be limited. Scope: users:write; needs a fresh sign-in.',
    args: { input: t.arg({ type: SetUserAccessInput, required: true }) },
    resolve: async (_root, { input: { userId, access } }, context) => {
      await context.services.access.grants.setAccess(userId, access, context);
      return { userId };
    },
  }),
}));

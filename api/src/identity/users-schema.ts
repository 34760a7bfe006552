import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import { builder } from '../builder.ts';
import { searchText } from '../input-text.ts';
import { nameShape } from './fields.ts';
import { linkUrl } from './links.ts';
import type { ResetMade } from './resets.ts';
import { RoleEnum, User, userInput, UserPayload } from './user.ts';

const UserFilter = builder.inputType('UserFilter', {
  description: 'Which users to list. All that is given must hold.',
  fields: (t) => ({
    disabled: t.boolean({ description: 'Those who are let in, or those who are not.' }),
    role: t.field({ type: RoleEnum, description: 'Those with this role.' }),
    text: t.string({
      description: 'Found in name or e-mail address. At most 200 characters.',
      validate: searchText,
    }),
  }),
});

function where({ disabled, role, text }: typeof UserFilter.$inferInput): Prisma.UserWhereInput {
  const contains = { contains: text ?? '', mode: 'insensitive' } as const;
  return {
    ...(disabled != null && { disabledAt: disabled ? { not: null } : null }),
    ...(role && { role }),
    ...(text && { OR: [{ name: contains }, { email: contains }] }),
  };
}

builder.queryFields((t) => ({
  user: t.prismaField({
    type: User,
    nullable: true,
    access: 'users:read',
    description: 'One person; null when there is none with this id. Scope: users:read.',
    args: { id: t.arg.id({ required: true, description: 'Its id, usr_….' }) },
    resolve: (query, _root, { id }, { db }) => db.prisma.user.findUnique({ ...query, where: { id } }),
  }),
  users: t.prismaConnection(
    {
      type: User,
      cursor: 'id',
      access: 'users:read',
      description: 'Everyone who has an account, by name. Scope: users:read.',
      args: { filter: t.arg({ type: UserFilter }) },
      totalCount: (_root, { filter }, { db }) => db.prisma.user.count({ where: where(filter ?? {}) }),
      resolve: (query, _root, { filter }, { db }) =>
        db.prisma.user.findMany({
          ...query,
          where: where(filter ?? {}),
          orderBy: [{ name: 'asc' }, { id: 'asc' }],
        }),
    },
    { name: 'UserConnection' },
    { name: 'UserEdge' },
  ),
}));

const UpdateUserInput = builder.inputType('UpdateUserInput', {
  fields: (t) => ({
    name: t.string({ description: '1 to 100 characters.', validate: nameShape }),
    role: t.field({ type: RoleEnum, description: 'What they may do at most from now on.' }),
    userId: t.id({ required: true }),
  }),
});

const SetUserDisabledInput = builder.inputType('SetUserDisabledInput', {
  fields: (t) => ({
    disabled: t.boolean({ required: true, description: 'True to let nobody in as this person any more.' }),
    userId: t.id({ required: true }),
  }),
});

const DeleteUserPayload = builder
  .objectRef<{ readonly deletedUserId: string }>('DeleteUserPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({ deletedUserId: t.exposeID('deletedUserId') }),
  });

const ResetPasswordPayload = builder.objectRef<ResetMade>('ResetPasswordPayload').implement({
  access: 'inherited',
  perViewer: true,
  fields: (t) => ({
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when the link works.',
      resolve: ({ link }) => link.expiresAt,
    }),
    link: t.string({
      perViewer: true,
      description:
        'To be passed on by hand, good once and for a day. Answered here and nowhere else. The dashboard takes what stands after # as token for oneTimeLink and completePasswordReset.',
      resolve: ({ link }, _args, { services }) => linkUrl(services.controlPlane.publicUrl(), link),
    }),
    user: t.field({ type: User, description: 'Whose password was taken away.', resolve: ({ user }) => user }),
  }),
});

builder.mutationFields((t) => ({
  updateUser: t.field({
    type: UserPayload,
    access: 'users:write',
    fresh: ({ input }) => input.role != null,
    description:
      'Changes what was given. Nobody gives a role with more rights than their own, and the last administrator stays one. Scope: users:write; another role needs a fresh sign-in.',
    args: { input: t.arg({ type: UpdateUserInput, required: true }) },
    resolve: async (_root, { input: { userId, name, role } }, context) => ({
      user: await context.services.identity.people.update(
        userId,
        { name: name ?? undefined, role: role ?? undefined },
        context,
      ),
    }),
  }),
  setUserDisabled: t.field({
    type: UserPayload,
    access: 'users:write',
    fresh: true,
    description:
      'Lets nobody in as this person any more: sessions, API tokens and open sockets end at once and for good. Enabling opens the account again, and nothing that was ended. Scope: users:write, and all that their role allows; needs a fresh sign-in.',
    args: { input: t.arg({ type: SetUserDisabledInput, required: true }) },
    resolve: async (_root, { input: { userId, disabled } }, context) => ({
      user: await context.services.identity.people.setDisabled(userId, disabled, context),
    }),
  }),
  deleteUser: t.field({
    type: DeleteUserPayload,
    access: 'users:write',
    fresh: true,
    description:
      'Removes an account with its sessions and API tokens; what it did stays on record. Scope: users:write, and all that their role allows; needs a fresh sign-in.',
    args: { input: t.arg({ type: userInput('DeleteUserInput'), required: true }) },
    resolve: async (_root, { input: { userId } }, context) => {
      await context.services.identity.people.delete(userId, context);
      return { deletedUserId: userId };
    },
  }),
  resetPassword: t.field({
    type: ResetPasswordPayload,
    access: 'users:write',
    fresh: true,
    description:
      "Takes somebody else's password away, ends their sessions, and answers with a link by which they choose another. Their second factor stays. Scope: users:write, and all that their role allows; needs a fresh sign-in.",
    args: { input: t.arg({ type: userInput('ResetPasswordInput'), required: true }) },
    resolve: (_root, { input: { userId } }, context) =>
      context.services.identity.resets.create(userId, context),
  }),
}));

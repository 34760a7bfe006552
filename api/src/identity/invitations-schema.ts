import type { Invitation as InvitationRow } from '@serverkit/prisma/generated/client/client.ts';
import * as z from 'zod';
import { readPromised, type Promised } from '../access/service.ts';
import { UserAccess } from '../access/user-access-type.ts';
import { builder } from '../builder.ts';
import { emailShape } from './email.ts';
import { nameShape } from './fields.ts';
import type { Invited } from './invitations.ts';
import { linkUrl } from './links.ts';
import { isRole } from './principal.ts';
import { RoleEnum, User } from './user.ts';

const InvitedGrant = builder.objectRef<Promised>('InvitedGrant').implement({
  access: 'users:read',
  description: 'What someone invited will be granted.',
  fields: (t) => ({
    groupId: t.exposeID('groupId', {
      nullable: true,
      description: 'The group; null when it is for a server.',
    }),
    scopes: t.exposeStringList('scopes', { description: 'Patterns; the role stays the ceiling.' }),
    serverId: t.exposeID('serverId', {
      nullable: true,
      description: 'The server; null when it is for a group.',
    }),
  }),
});

const Invitation = builder.prismaObject('Invitation', {
  access: 'users:read',
  description: 'A link by which someone becomes a user, not used yet.',
  fields: (t) => ({
    access: t.field({
      type: UserAccess,
      description: 'Where the role will hold.',
      resolve: ({ access }) => (access === 'all' ? 'all' : 'granted'),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    createdBy: t.relation('createdBy', {
      type: User,
      description: 'Who passes the link on. It works for as long as they may give that role.',
    }),
    email: t.exposeString('email', { description: 'Whom it is for.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'May have passed: renewInvitation.' }),
    grants: t.field({
      type: [InvitedGrant],
      description: 'On which servers and groups, with the access GRANTED.',
      resolve: ({ grants }) => readPromised(grants),
    }),
    id: t.exposeID('id'),
    name: t.exposeString('name', { description: 'Offered to whoever accepts; may be empty.' }),
    role: t.field({
      type: RoleEnum,
      description: 'What they will be.',
      resolve: ({ role }) => (isRole(role) ? role : 'viewer'),
    }),
  }),
});

builder.queryField('invitations', (t) =>
  t.prismaConnection(
    {
      type: Invitation,
      cursor: 'id',
      access: 'users:read',
      description: 'Invitations neither accepted nor revoked, the newest first. Scope: users:read.',
      resolve: (query, _root, _args, { db }) =>
        db.prisma.invitation.findMany({
          ...query,
          where: { acceptedAt: null, revokedAt: null },
          orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
        }),
    },
    { name: 'InvitationConnection' },
    { name: 'InvitationEdge' },
  ),
);

const InvitedGrantInput = builder.inputType('InvitedGrantInput', {
  description: 'What someone invited will be granted.',
  fields: (t) => ({
    groupId: t.id({ description: 'On the servers of this group and of the groups in it.' }),
    scopes: t.stringList({
      required: true,
      defaultValue: ['*'],
      description: 'Patterns. servers:read comes with them; * is all that the role allows.',
      validate: z.array(z.string().max(100)).min(1, 'must name at least one').max(100),
    }),
    serverId: t.id({ description: 'On this server; either this or a group.' }),
  }),
});

const InviteUserInput = builder.inputType('InviteUserInput', {
  fields: (t) => ({
    access: t.field({
      type: UserAccess,
      required: true,
      defaultValue: 'all',
      description: 'Where the role will hold.',
    }),
    email: t.string({ required: true, description: 'Whom to invite.', validate: emailShape }),
    grants: t.field({
      type: [InvitedGrantInput],
      description: 'With the access GRANTED: on which servers and groups; more can be given later.',
      validate: z.array(z.unknown()).max(100, 'at most 100'),
    }),
    name: t.string({ description: 'Offered to whoever accepts.', validate: nameShape }),
    role: t.field({ type: RoleEnum, required: true, description: 'What they will be.' }),
  }),
});

function invitationInput(typeName: string) {
  return builder.inputType(typeName, { fields: (t) => ({ invitationId: t.id({ required: true }) }) });
}

const InvitationPayload = builder.objectRef<Invited>('InvitationPayload').implement({
  access: 'inherited',
  perViewer: true,
  fields: (t) => ({
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when the link works.',
      resolve: ({ link }) => link.expiresAt,
    }),
    invitation: t.field({
      type: Invitation,
      description: 'The invitation itself.',
      resolve: ({ invitation }): InvitationRow => invitation,
    }),
    link: t.string({
      perViewer: true,
      description:
        'To be passed on by hand, good once and for 72 hours. Answered here and nowhere else. The dashboard takes what stands after # as token for oneTimeLink and acceptInvitation.',
      resolve: ({ link }, _args, { services }) => linkUrl(services.controlPlane.publicUrl(), link),
    }),
  }),
});

const RevokeInvitationPayload = builder
  .objectRef<{ readonly revokedInvitationId: string }>('RevokeInvitationPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({ revokedInvitationId: t.exposeID('revokedInvitationId') }),
  });

builder.mutationFields((t) => ({
  inviteUser: t.field({
    type: InvitationPayload,
    access: 'users:write',
    fresh: true,
    description:
      'Invites someone and answers with the link to pass on. Nobody gives a role or a grant with more rights than their own. Scope: users:write; needs a fresh sign-in.',
    args: { input: t.arg({ type: InviteUserInput, required: true }) },
    resolve: (_root, { input: { name, grants, ...input } }, context) =>
      context.services.identity.invitations.create(
        { ...input, name: name ?? '', grants: grants ?? [] },
        context,
      ),
  }),
  renewInvitation: t.field({
    type: InvitationPayload,
    access: 'users:write',
    fresh: true,
    description:
      'A new link for an invitation; the one before stops working. Scope: users:write; needs a fresh sign-in.',
    args: { input: t.arg({ type: invitationInput('RenewInvitationInput'), required: true }) },
    resolve: (_root, { input: { invitationId } }, context) =>
      context.services.identity.invitations.renew(invitationId, context),
  }),
  revokeInvitation: t.field({
    type: RevokeInvitationPayload,
    access: 'users:write',
    description: 'Makes the link of an invitation stop working. Scope: users:write.',
    args: { input: t.arg({ type: invitationInput('RevokeInvitationInput'), required: true }) },
    resolve: async (_root, { input: { invitationId } }, context) => {
      await context.services.identity.invitations.revoke(invitationId, context);
      return { revokedInvitationId: invitationId };
    },
  }),
}));

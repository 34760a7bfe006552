import type { Invitation as InvitationRow } from '@serverkit/prisma/generated/client/client.ts';
import { builder } from '../builder.ts';
import { emailShape } from './email.ts';
import { nameShape } from './fields.ts';
import type { Invited } from './invitations.ts';
import { linkUrl } from './links.ts';
import { isRole } from './principal.ts';
import { RoleEnum, User } from './user.ts';

const Invitation = builder.prismaObject('Invitation', {
  access: 'users:read',
  description: 'A link by which someone becomes a user, not used yet.',
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    createdBy: t.relation('createdBy', {
      type: User,
      description: 'Who passes the link on. It works for as long as they may give that role.',
    }),
    email: t.exposeString('email', { description: 'Whom it is for.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'May have passed: renewInvitation.' }),
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

const InviteUserInput = builder.inputType('InviteUserInput', {
  fields: (t) => ({
    email: t.string({ required: true, description: 'Whom to invite.', validate: emailShape }),
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
      'Invites someone and answers with the link to pass on. Nobody gives a role with more rights than their own. Scope: users:write; needs a fresh sign-in.',
    args: { input: t.arg({ type: InviteUserInput, required: true }) },
    resolve: (_root, { input: { email, name, role } }, context) =>
      context.services.identity.invitations.create({ email, name: name ?? '', role }, context),
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

import * as z from 'zod';
import { builder } from '../builder.ts';
import { nameShape, passwordRules, secretShape } from './fields.ts';
import type { OpenLink } from './links.ts';
import { keepCookie, SignInPayload } from './sign-in-payload.ts';

const token = z.string().max(200);

const OneTimeLinkKind = builder.enumType('OneTimeLinkKind', {
  description: 'What a link is for, and the mutation that takes its token.',
  values: {
    INVITATION: { value: 'invitation', description: 'acceptInvitation' },
    PASSWORD_RESET: { value: 'reset', description: 'completePasswordReset' },
  } as const satisfies Record<string, { value: OpenLink['kind']; description: string }>,
});

const OneTimeLink = builder.objectRef<OpenLink>('OneTimeLink').implement({
  access: 'inherited',
  description: 'What is behind a link that works once.',
  fields: (t) => ({
    email: t.exposeString('email', { description: 'Whose account it is, or will be.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when it works.' }),
    kind: t.field({ type: OneTimeLinkKind, description: 'What it is for.', resolve: ({ kind }) => kind }),
    name: t.exposeString('name', { description: 'Of the person, as far as it is known.' }),
  }),
});

builder.queryField('oneTimeLink', (t) =>
  t.field({
    type: OneTimeLink,
    nullable: true,
    access: 'public',
    description:
      'What an invitation or a reset link is for; null when it does not work (any more). Open to everyone who has the token that stands after # in the link.',
    args: {
      token: t.arg.string({
        required: true,
        description: 'What stands after # in the link.',
        validate: token,
      }),
    },
    resolve: (_root, args, { services }) => services.identity.findLink(args.token),
  }),
);

const AcceptInvitationInput = builder.inputType('AcceptInvitationInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: '1 to 100 characters.' }),
    password: t.string({ required: true, description: passwordRules }),
    token: t.string({ required: true, description: 'What stands after # in the link.' }),
  }),
  validate: z.object({ name: nameShape, password: secretShape, token }),
});

const CompletePasswordResetInput = builder.inputType('CompletePasswordResetInput', {
  fields: (t) => ({
    password: t.string({ required: true, description: passwordRules }),
    token: t.string({ required: true, description: 'What stands after # in the link.' }),
  }),
  validate: z.object({ password: secretShape, token }),
});

const CompletePasswordResetPayload = builder
  .objectRef<{ readonly email: string }>('CompletePasswordResetPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({ email: t.exposeString('email', { description: 'To sign in with.' }) }),
  });

builder.mutationFields((t) => ({
  acceptInvitation: t.field({
    type: SignInPayload,
    access: 'public',
    description: 'Makes the account an invitation is for, and signs in. Open to everyone who has the link.',
    args: { input: t.arg({ type: AcceptInvitationInput, required: true }) },
    resolve: (_root, { input }, context) =>
      keepCookie(context, (visitor) => context.services.identity.acceptInvitation(input, visitor)),
  }),
  completePasswordReset: t.field({
    type: CompletePasswordResetPayload,
    access: 'public',
    description:
      'Sets the password a reset link is for; signing in is the next step. Open to everyone who has the link.',
    args: { input: t.arg({ type: CompletePasswordResetInput, required: true }) },
    resolve: (_root, { input }, context) => context.services.identity.completePasswordReset(input, context),
  }),
}));

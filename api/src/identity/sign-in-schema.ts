import * as z from 'zod';
import { builder } from '../builder.ts';
import { requireUser } from '../context.ts';
import { ServerKitError } from '../errors.ts';
import { selects } from '../graphql/selects.ts';
import { sessionCookie } from './cookies.ts';
import { secretShape } from './fields.ts';
import { keepCookie, SignInPayload } from './sign-in-payload.ts';
import { Session } from './viewer.ts';

const SignInInput = builder.inputType('SignInInput', {
  fields: (t) => ({
    email: t.string({ required: true, description: "The account's e-mail address." }),
    password: t.string({ required: true, description: "The account's password." }),
  }),
  // No rules about what a password is like here: they would tell which ones exist.
  validate: z.object({ email: z.string().max(254), password: secretShape }),
});

const CompleteSignInInput = builder.inputType('CompleteSignInInput', {
  fields: (t) => ({
    challenge: t.string({ required: true, description: 'As signIn answered it.' }),
    code: t.string({
      required: true,
      description: 'Six digits of the authenticator app, or a recovery code.',
    }),
  }),
  validate: z.object({ challenge: z.string().max(2_000), code: z.string().max(100) }),
});

const ConfirmSignInInput = builder.inputType('ConfirmSignInInput', {
  fields: (t) => ({
    code: t.string({ description: 'Needed when the account has a second factor.' }),
    password: t.string({ required: true, description: "The account's password." }),
  }),
  validate: z.object({ code: z.string().max(100).nullish(), password: secretShape }),
});

const ConfirmSignInPayload = builder
  .objectRef<{ readonly sessionId: string }>('ConfirmSignInPayload')
  .implement({
    access: 'inherited',
    perViewer: true,
    fields: (t) => ({
      session: t.prismaField({
        type: Session,
        description: 'The session that asked, fresh again.',
        resolve: (query, { sessionId }, _args, { db }) =>
          db.prisma.session.findUniqueOrThrow({ ...query, where: { id: sessionId } }),
      }),
    }),
  });

const SignOutInput = builder.inputType('SignOutInput', {
  // GraphQL knows no empty input; a mutation without any would be the only one without `input`.
  fields: (t) => ({ clientMutationId: t.string() }),
});

const SignOutPayload = builder.objectRef<{ ok: boolean }>('SignOutPayload').implement({
  access: 'inherited',
  fields: (t) => ({ ok: t.exposeBoolean('ok') }),
});

const RevokeSessionInput = builder.inputType('RevokeSessionInput', {
  fields: (t) => ({ sessionId: t.id({ required: true }) }),
});

const RevokeSessionPayload = builder
  .objectRef<{ revokedSessionId: string }>('RevokeSessionPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({ revokedSessionId: t.exposeID('revokedSessionId') }),
  });

builder.mutationFields((t) => ({
  signIn: t.field({
    type: SignInPayload,
    access: 'public',
    description:
      'Starts a browser session: sets the session cookie and answers with its second half. For an account with a second factor it answers secondFactor instead, to go on with completeSignIn; a document that does not select secondFactor gets the error SECOND_FACTOR_REQUIRED. Open to everyone.',
    args: { input: t.arg({ type: SignInInput, required: true }) },
    resolve: async (_root, { input }, context, info) => {
      const { identity } = context.services;
      const outcome = await keepCookie(context, (visitor) => identity.signIn.start(input, visitor));
      // Whoever knows of one step only must not take null for a session.
      if (outcome.kind === 'secondFactor' && !selects(info, 'secondFactor')) {
        throw new ServerKitError(
          'SECOND_FACTOR_REQUIRED',
          'This account has a second factor: select secondFactor, and go on with completeSignIn. Programs sign in with an API token.',
        );
      }
      return outcome;
    },
  }),
  completeSignIn: t.field({
    type: SignInPayload,
    access: 'public',
    description:
      'The second step for an account with a second factor: sets the session cookie and answers with its second half. Each code is good once. Open to everyone.',
    args: { input: t.arg({ type: CompleteSignInInput, required: true }) },
    resolve: (_root, { input }, context) =>
      keepCookie(context, (visitor) => context.services.identity.signIn.complete(input, visitor)),
  }),
  confirmSignIn: t.field({
    type: ConfirmSignInPayload,
    access: 'session',
    description:
      'Proves again who is there, which opens sensitive changes for 15 minutes: what to do about FRESH_SIGN_IN_REQUIRED. Needs a session.',
    args: { input: t.arg({ type: ConfirmSignInInput, required: true }) },
    resolve: (_root, { input }, context) =>
      context.services.identity.signIn.confirm(requireUser(context), input, context),
  }),
  revokeSession: t.field({
    type: RevokeSessionPayload,
    access: 'session',
    description: "Ends a session of one's own. Needs a session.",
    args: { input: t.arg({ type: RevokeSessionInput, required: true }) },
    resolve: async (_root, { input: { sessionId } }, context) => {
      await context.services.identity.revokeSession(requireUser(context), sessionId, context.address);
      return { revokedSessionId: sessionId };
    },
  }),
  signOut: t.field({
    type: SignOutPayload,
    access: 'session',
    description: 'Ends the session that asks. Needs a session.',
    args: { input: t.arg({ type: SignOutInput, required: true }) },
    resolve: async (_root, _args, context) => {
      const principal = requireUser(context);
      await context.services.identity.revokeSession(principal, principal.sessionId, context.address);
      context.cookies?.set(sessionCookie(context.origin, '', 0));
      return { ok: true };
    },
  }),
}));

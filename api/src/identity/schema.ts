import * as z from 'zod';
import { builder } from '../builder.ts';
import { requireUser, type RequestContext } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { nameText } from '../input-text.ts';
import { sessionCookie } from './cookies.ts';
import type { SignedIn } from './service.ts';
import { absoluteMs } from './sessions.ts';
import './user.ts';
import { Viewer } from './viewer.ts';

/** Long enough for any passphrase, short enough that hashing it costs nothing extra. */
export const passwordLength = { min: 12, max: 256 } as const;

const emailShape = z.string().trim().max(254).pipe(z.email('must be an e-mail address'));

const SetupStatus = builder.objectRef<{ needed: boolean }>('SetupStatus').implement({
  access: 'inherited',
  description: 'Where a new installation stands.',
  fields: (t) => ({
    needed: t.exposeBoolean('needed', { description: 'True until the first administrator exists.' }),
  }),
});

builder.queryField('setupStatus', (t) =>
  t.field({
    type: SetupStatus,
    access: 'public',
    description: 'Whether the first administrator has yet to be made. Open to everyone.',
    resolve: async (_root, _args, { services }) => ({ needed: await services.identity.setup.needed() }),
  }),
);

const SignInPayload = builder.objectRef<SignedIn>('SignInPayload').implement({
  access: 'inherited',
  perViewer: true,
  fields: (t) => ({
    sessionProof: t.string({
      perViewer: true,
      description:
        'The second half of the session: send it as X-ServerKit-Session and as connectionParams.session.',
      resolve: ({ secrets }) => secrets.proof,
    }),
    viewer: t.field({ type: Viewer, description: 'Who signed in.', resolve: ({ principal }) => principal }),
  }),
});

const CompleteSetupInput = builder.inputType('CompleteSetupInput', {
  fields: (t) => ({
    code: t.string({ required: true, description: 'The one-time code from the log of the first start.' }),
    email: t.string({ required: true, description: 'What the administrator will sign in with.' }),
    name: t.string({ required: true, description: 'How the administrator is called.' }),
    password: t.string({
      required: true,
      description: `${passwordLength.min} to ${passwordLength.max} characters.`,
    }),
  }),
  validate: z.object({
    code: z.string().max(100),
    email: emailShape,
    name: nameText(100),
    password: z
      .string()
      .min(passwordLength.min, `must have at least ${passwordLength.min} characters`)
      .max(passwordLength.max, `must have at most ${passwordLength.max} characters`),
  }),
});

const SignInInput = builder.inputType('SignInInput', {
  fields: (t) => ({
    email: t.string({ required: true, description: "The account's e-mail address." }),
    password: t.string({ required: true, description: "The account's password." }),
  }),
  // No rules about what a password is like here: they would tell which ones exist.
  validate: z.object({ email: z.string().max(254), password: z.string().max(passwordLength.max * 4) }),
});

builder.mutationFields((t) => ({
  completeSetup: t.field({
    type: SignInPayload,
    access: 'public',
    description:
      'Makes the first administrator with the one-time code printed at the first start, and signs in.',
    args: { input: t.arg({ type: CompleteSetupInput, required: true }) },
    resolve: async (_root, { input }, context) =>
      keepCookie(context, (visitor) => context.services.identity.completeSetup(input, visitor)),
  }),
  signIn: t.field({
    type: SignInPayload,
    access: 'public',
    description: 'Starts a browser session: sets the session cookie and answers with its second half.',
    args: { input: t.arg({ type: SignInInput, required: true }) },
    resolve: async (_root, { input }, context) =>
      keepCookie(context, (visitor) => context.services.identity.signIn(input, visitor)),
  }),
}));

/** Only an HTTP response can set a cookie, so that is asked before a session is made. */
async function keepCookie(
  { cookies, origin, address, userAgent }: RequestContext,
  start: (visitor: { address: string; userAgent: string }) => Promise<SignedIn>,
): Promise<SignedIn> {
  if (!cookies) throw inputInvalid('', 'Sign in over HTTP: a WebSocket cannot set the session cookie.');
  const signedIn = await start({ address, userAgent });
  cookies.set(sessionCookie(origin, signedIn.secrets.cookie, absoluteMs / 1000));
  return signedIn;
}

const SignOutInput = builder.inputType('SignOutInput', {
  // GraphQL knows no empty input; a mutation without any would be the only one without `input`.
  fields: (t) => ({ clientMutationId: t.string({ description: 'Not used; GraphQL knows no empty input.' }) }),
});

const SignOutPayload = builder.objectRef<{ ok: boolean }>('SignOutPayload').implement({
  access: 'inherited',
  fields: (t) => ({ ok: t.exposeBoolean('ok', { description: 'Always true.' }) }),
});

const RevokeSessionInput = builder.inputType('RevokeSessionInput', {
  fields: (t) => ({
    sessionId: t.id({ required: true, description: 'The session, from `viewer.sessions`.' }),
  }),
});

const RevokeSessionPayload = builder
  .objectRef<{ revokedSessionId: string }>('RevokeSessionPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      revokedSessionId: t.exposeID('revokedSessionId', { description: 'The session that ended.' }),
    }),
  });

builder.mutationFields((t) => ({
  revokeSession: t.field({
    type: RevokeSessionPayload,
    access: 'signedIn',
    description: "Ends a session of one's own.",
    args: { input: t.arg({ type: RevokeSessionInput, required: true }) },
    resolve: async (_root, { input: { sessionId } }, context) => {
      await context.services.identity.revokeSession(requireUser(context), sessionId, context.address);
      return { revokedSessionId: sessionId };
    },
  }),
  signOut: t.field({
    type: SignOutPayload,
    access: 'signedIn',
    description: 'Ends the session that asks.',
    args: { input: t.arg({ type: SignOutInput, required: true }) },
    resolve: async (_root, _args, context) => {
      const principal = requireUser(context);
      await context.services.identity.revokeSession(principal, principal.sessionId, context.address);
      context.cookies?.set(sessionCookie(context.origin, '', 0));
      return { ok: true };
    },
  }),
}));

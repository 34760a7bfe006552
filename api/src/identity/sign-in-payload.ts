import { builder } from '../builder.ts';
import type { RequestContext } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { sessionCookie } from './cookies.ts';
import { absoluteMs, type Visitor } from './sessions.ts';
import type { HalfSignedIn, SignedIn } from './sign-in.ts';
import { Viewer } from './viewer.ts';

const SecondFactorChallenge = builder.objectRef<HalfSignedIn>('SecondFactorChallenge').implement({
  access: 'inherited',
  perViewer: true,
  description: 'The password was right; completeSignIn wants this and a code.',
  fields: (t) => ({
    challenge: t.exposeString('challenge', { perViewer: true, description: 'For completeSignIn.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Five minutes from the first step.' }),
  }),
});

export const SignInPayload = builder.objectRef<SignedIn | HalfSignedIn>('SignInPayload').implement({
  access: 'inherited',
  perViewer: true,
  fields: (t) => ({
    secondFactor: t.field({
      type: SecondFactorChallenge,
      nullable: true,
      description: 'What is left to do for an account with a second factor; null once signed in.',
      resolve: (outcome) => (outcome.kind === 'secondFactor' ? outcome : null),
    }),
    sessionProof: t.string({
      nullable: true,
      perViewer: true,
      description:
        'The second half of the session: send it as X-ServerKit-Session and as connectionParams.session. Null while secondFactor is not.',
      resolve: (outcome) => (outcome.kind === 'signedIn' ? outcome.secrets.proof : null),
    }),
    viewer: t.field({
      type: Viewer,
      nullable: true,
      description: 'Who signed in. Null while secondFactor is not.',
      resolve: (outcome) => (outcome.kind === 'signedIn' ? outcome.principal : null),
    }),
  }),
});

/** Sets the cookie of a session that was made. Only an HTTP response can, so that is asked before one is made. */
export async function keepCookie<Outcome extends SignedIn | HalfSignedIn>(
  { cookies, origin, address, userAgent }: RequestContext,
  start: (visitor: Visitor) => Promise<Outcome>,
): Promise<Outcome> {
  if (!cookies) throw inputInvalid('', 'Sign in over HTTP: a WebSocket cannot set the session cookie.');
  const outcome = await start({ address, userAgent });
  if (outcome.kind === 'signedIn') {
    cookies.set(sessionCookie(origin, outcome.secrets.cookie, absoluteMs / 1000));
  }
  return outcome;
}

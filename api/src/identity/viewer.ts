import { builder } from '../builder.ts';
import { ApiToken } from '../tokens/token-type.ts';
import type { SecondFactorState } from './second-factors.ts';
import { freshForMs, requirePerson, type PersonPrincipal } from '../context.ts';

export const Session = builder.prismaObject('Session', {
  access: 'inherited',
  perViewer: true,
  description: 'A browser that is signed in.',
  fields: (t) => ({
    address: t.exposeString('address', { description: 'Where it was signed in from.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it began.' }),
    current: t.boolean({
      description: 'Whether it is the one that asks.',
      resolve: ({ id }, _args, { principal }) => principal.kind === 'user' && principal.sessionId === id,
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'When it ends, however much it is used.',
    }),
    freshUntil: t.field({
      type: 'DateTime',
      description: 'Until when sensitive changes are open; may have passed: confirmSignIn.',
      resolve: ({ freshAt }) => new Date(freshAt.getTime() + freshForMs),
    }),
    id: t.exposeID('id', { description: 'Opaque; what revokeSession takes.' }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      description: 'When it was used last, to a few minutes.',
    }),
    userAgent: t.exposeString('userAgent', { description: 'What the browser calls itself.' }),
  }),
});

const ViewerSecondFactor = builder.objectRef<SecondFactorState>('ViewerSecondFactor').implement({
  access: 'inherited',
  perViewer: true,
  description: 'The second factor of the one who asks.',
  fields: (t) => ({
    enabledAt: t.expose('enabledAt', {
      type: 'DateTime',
      description: 'Since when signing in asks for a code.',
    }),
    recoveryCodesLeft: t.exposeInt('recoveryCodesLeft', {
      description: 'Recovery codes that were not used yet.',
    }),
  }),
});

export const Viewer = builder.objectRef<PersonPrincipal>('Viewer').implement({
  access: 'inherited',
  perViewer: true,
  description: 'The one who is asking.',
  fields: (t) => ({
    scopes: t.stringList({
      description: 'The plain scopes held now, on some server at least.',
      resolve: ({ rights }) => [...rights.anywhere],
    }),
    session: t.prismaField({
      type: 'Session',
      nullable: true,
      description: 'The browser session that asks; null for an API token.',
      resolve: (query, principal, _args, { db }) =>
        principal.kind === 'user'
          ? db.prisma.session.findUnique({ ...query, where: { id: principal.sessionId } })
          : null,
    }),
    token: t.prismaField({
      type: ApiToken,
      nullable: true,
      description: 'The API token that asks; null for a session.',
      resolve: (query, principal, _args, { db }) =>
        principal.kind === 'token'
          ? db.prisma.apiToken.findUnique({ ...query, where: { id: principal.token.id } })
          : null,
    }),
    secondFactor: t.field({
      type: ViewerSecondFactor,
      nullable: true,
      access: 'session',
      description: 'Codes of an authenticator app that signing in asks for; null when it asks for none.',
      resolve: ({ user }, _args, { services }) => services.identity.secondFactors.find(user.id),
    }),
    sessions: t.field({
      type: [Session],
      access: 'session',
      description: "One's own open sessions, the last used first.",
      resolve: ({ user }, _args, { services }) => services.identity.sessions.list(user.id),
    }),
    user: t.prismaField({
      type: 'User',
      description: 'Their account.',
      resolve: (query, { user }, _args, { db }) =>
        db.prisma.user.findUniqueOrThrow({ ...query, where: { id: user.id } }),
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    access: 'signedIn',
    perViewer: true,
    description: 'The one who is asking.',
    resolve: (_root, _args, context) => requirePerson(context),
  }),
);

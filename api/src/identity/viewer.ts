import { builder } from '../builder.ts';
import { requireUser, type UserPrincipal } from '../context.ts';

export const Session = builder.prismaObject('Session', {
  access: 'inherited',
  perViewer: true,
  description: 'A browser that is signed in.',
  fields: (t) => ({
    address: t.exposeString('address'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    current: t.boolean({
      description: 'Whether it is the one that asks.',
      resolve: ({ id }, _args, { principal }) => principal.kind === 'user' && principal.sessionId === id,
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
    id: t.exposeID('id'),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime' }),
    userAgent: t.exposeString('userAgent'),
  }),
});

export const Viewer = builder.objectRef<UserPrincipal>('Viewer').implement({
  access: 'inherited',
  perViewer: true,
  fields: (t) => ({
    scopes: t.stringList({
      description: 'The plain scopes held now, on some server at least.',
      resolve: ({ rights }) => [...rights.anywhere],
    }),
    session: t.prismaField({
      type: 'Session',
      nullable: true,
      description: 'The browser session that asks.',
      resolve: (query, { sessionId }, _args, { db }) =>
        db.prisma.session.findUnique({ ...query, where: { id: sessionId } }),
    }),
    sessions: t.field({
      type: [Session],
      description: "One's own open sessions, the last used first.",
      resolve: ({ user }, _args, { services }) => services.identity.sessions.list(user.id),
    }),
    user: t.prismaField({
      type: 'User',
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
    resolve: (_root, _args, context) => requireUser(context),
  }),
);

import type { Role } from '@serverkit/wire/scopes.ts';
import { builder } from '../builder.ts';
import { Node, registerNode } from '../graphql/node.ts';
import { isRole } from './principal.ts';

export const RoleEnum = builder.enumType('Role', {
  description: 'What someone may do at most; grants and tokens only narrow it.',
  values: {
    ADMIN: { value: 'admin', description: 'Everything.' },
    OPERATOR: {
      value: 'operator',
      description:
        'Looks after servers and containers, without what amounts to root on them, and reads the audit log.',
    },
    VIEWER: { value: 'viewer', description: 'Looks, and changes nothing.' },
  } as const satisfies Record<Uppercase<Role>, { value: Role; description: string }>,
});

/** Everyone may see themselves; `users` and `node` ask for users:read before they hand out others. */
builder.prismaObject('User', {
  access: 'inherited',
  interfaces: [Node],
  description: 'Someone who may sign in.',
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the account was made.' }),
    email: t.exposeString('email', { description: 'What they sign in with.' }),
    name: t.exposeString('name', { description: 'How they are called.' }),
    role: t.field({
      type: RoleEnum,
      description: 'What they may do at most.',
      resolve: ({ role }) => (isRole(role) ? role : 'viewer'),
    }),
  }),
});

registerNode('user', {
  typeName: 'User',
  access: 'users:read',
  load: (id, { db }) => db.prisma.user.findUnique({ where: { id } }),
});

builder.queryField('users', (t) =>
  t.prismaField({
    type: ['User'],
    access: 'users:read',
    description: 'Everyone who may sign in. Scope: users:read.',
    resolve: (query, _root, _args, { db }) =>
      db.prisma.user.findMany({ ...query, orderBy: { createdAt: 'asc' } }),
  }),
);

import type { Role } from '@serverkit/wire/scopes.ts';
import { builder } from '../builder.ts';
import { Node, registerNode } from '../graphql/node.ts';
import { isRole } from './principal.ts';

export const RoleEnum = builder.enumType('Role', {
  values: {
    ADMIN: { value: 'admin' },
    OPERATOR: { value: 'operator' },
    VIEWER: { value: 'viewer' },
  } as const satisfies Record<Uppercase<Role>, { value: Role }>,
});

/** Everyone may see themselves; `users` and `node` ask for users:read before they hand out others. */
builder.prismaObject('User', {
  access: 'inherited',
  interfaces: [Node],
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    email: t.exposeString('email'),
    name: t.exposeString('name'),
    role: t.field({ type: RoleEnum, resolve: ({ role }) => (isRole(role) ? role : 'viewer') }),
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

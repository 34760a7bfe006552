import type { User as UserRow } from '@serverkit/prisma/generated/client/client.ts';
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

/** Everyone may see themselves; `users`, `user` and `node` ask for users:read before they hand out others. */
export const User = builder.prismaObject('User', {
  access: 'inherited',
  interfaces: [Node],
  description: 'Someone who may sign in.',
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the account was made.' }),
    disabledAt: t.expose('disabledAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when nobody can sign in as them; null while they can.',
    }),
    email: t.exposeString('email', { description: 'What they sign in with.' }),
    hasPassword: t.boolean({
      description: "False from an administrator's reset until the link was used.",
      resolve: ({ passwordHash }) => passwordHash !== null,
    }),
    lastSignInAt: t.expose('lastSignInAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When they last signed in; null when they never did.',
    }),
    name: t.exposeString('name', { description: 'How they are called.' }),
    role: t.field({
      type: RoleEnum,
      description: 'What they may do at most.',
      resolve: ({ role }) => (isRole(role) ? role : 'viewer'),
    }),
    secondFactor: t.boolean({
      description: 'Whether signing in asks for a code as well.',
      select: { secondFactor: { select: { confirmedAt: true } } },
      resolve: ({ secondFactor }) => secondFactor?.confirmedAt != null,
    }),
  }),
});

registerNode('user', {
  typeName: 'User',
  access: 'users:read',
  load: (id, { db }) => db.prisma.user.findUnique({ where: { id } }),
});

/** What mutations that change one person answer. */
export const UserPayload = builder.objectRef<{ readonly user: UserRow }>('UserPayload').implement({
  access: 'inherited',
  fields: (t) => ({
    user: t.field({ type: User, description: 'As they are now.', resolve: ({ user }) => user }),
  }),
});

/** The input of every mutation that needs to know nothing but the person. */
export function userInput(typeName: string) {
  return builder.inputType(typeName, { fields: (t) => ({ userId: t.id({ required: true }) }) });
}

import { builder } from '../builder.ts';
import { prefixOf } from './secrets.ts';

/** Reached by its owner, by itself, and by those who may read users: each field that returns one sees to that. */
export const ApiToken = builder.prismaObject('ApiToken', {
  access: 'inherited',
  perViewer: true,
  description: 'What a program signs in with. The token itself is not kept, only a hash.',
  fields: (t) => ({
    addresses: t.exposeStringList('addresses', {
      description: 'Networks it may be used from; anywhere when empty.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it stops working; null when never.',
    }),
    groupIds: t.exposeStringList('groupIds', { description: 'Only servers in these groups.' }),
    id: t.exposeID('id', { description: 'Opaque; what revokeApiToken takes.' }),
    lastUsedAddress: t.exposeString('lastUsedAddress', {
      nullable: true,
      description: 'From where it was used last.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was used last, to a minute; null when never.',
    }),
    name: t.exposeString('name', { description: 'What it is for.' }),
    owner: t.relation('user', { description: 'On whose behalf it acts.' }),
    prefix: t.string({
      description: 'How the token begins, by which it is known again.',
      resolve: ({ id }) => prefixOf(id),
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was ended; null while it was not.',
    }),
    scopes: t.exposeStringList('scopes', {
      description:
        'Scopes and patterns, as they were given. What it may do is never more than its owner may.',
    }),
    serverIds: t.exposeStringList('serverIds', {
      description: 'Only these servers; everywhere when groupIds is empty too.',
    }),
  }),
});

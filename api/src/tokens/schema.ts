import * as z from 'zod';
import { agentScopes, controlScopes, isServerScope, type Scope } from '@serverkit/wire/scopes.ts';
import { namedScopes } from '../access/token-scopes.ts';
import { builder } from '../builder.ts';
import { requirePerson, requireUser } from '../context.ts';
import { requireOn } from '../graphql/refusals.ts';
import { nameText } from '../input-text.ts';
import type { NewToken } from './service.ts';
import { ApiToken } from './token-type.ts';

const ApiTokenFilter = builder.inputType('ApiTokenFilter', {
  description: 'Which API tokens to list; those that work and are one’s own when empty.',
  fields: (t) => ({
    everyone: t.boolean({ description: 'Those of everyone. Scope: users:read.' }),
    ownerId: t.id({ description: 'Those of this person. Scope for others: users:read.' }),
    revoked: t.boolean({ description: 'Those that were revoked instead.' }),
  }),
});

builder.queryField('apiTokens', (t) =>
  t.prismaConnection(
    {
      type: ApiToken,
      cursor: 'id',
      access: 'session',
      description:
        "One's own API tokens, the newest first; those of others with users:read. Needs a session.",
      args: { filter: t.arg({ type: ApiTokenFilter, description: 'Which ones.' }) },
      resolve: (query, _root, { filter }, context) => {
        const { everyone, ownerId, revoked } = filter ?? {};
        const own = requireUser(context).user.id;
        if (everyone || (ownerId && ownerId !== own)) {
          requireOn(context, { access: 'users:read' }, 'query.apiTokens');
        }
        return context.db.prisma.apiToken.findMany({
          ...query,
          where: {
            revokedAt: revoked ? { not: null } : null,
            ...(ownerId || !everyone ? { userId: ownerId ?? own } : {}),
          },
          orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
        });
      },
    },
    { name: 'ApiTokenConnection' },
    { name: 'ApiTokenEdge' },
  ),
);

const TokenScope = builder.objectRef<Scope>('TokenScope').implement({
  access: 'inherited',
  description: 'A scope that an API token can have.',
  fields: (t) => ({
    held: t.boolean({
      perViewer: true,
      description: 'Whether the one who asks holds it anywhere, and so can give it to a token.',
      resolve: (scope, _args, { principal }) => principal.rights.anywhere.has(scope),
    }),
    name: t.string({ description: 'Such as docker:containers:read.', resolve: (scope) => scope }),
    namedOnly: t.boolean({
      description:
        'Amounts to root on a server or hands out rights: a token has it by this name only, never by a pattern.',
      resolve: (scope) => namedScopes.has(scope),
    }),
    onServers: t.boolean({
      description: 'Held on servers, so that a token for some servers can have it.',
      resolve: isServerScope,
    }),
  }),
});

builder.queryField('tokenScopes', (t) =>
  t.field({
    type: [TokenScope],
    access: 'signedIn',
    description: 'Every scope there is, for choosing those of an API token. For everyone who is signed in.',
    resolve: () => [...agentScopes, ...controlScopes],
  }),
);

const ids = z.array(z.string().max(64)).max(200, 'at most 200');

const CreateApiTokenInput = builder.inputType('CreateApiTokenInput', {
  fields: (t) => ({
    addresses: t.stringList({
      description:
        'Networks in CIDR notation or single addresses it may be used from, at most 50; anywhere when empty.',
      validate: z.array(z.string().trim().max(64)).max(50, 'at most 50'),
    }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it stops working; never when absent.' }),
    groupIds: t.idList({ description: 'Only servers in these groups, and those below them.', validate: ids }),
    name: t.string({
      required: true,
      description: '1 to 100 characters: what it is for.',
      validate: nameText(100),
    }),
    scopes: t.stringList({
      required: true,
      description:
        'Scopes, or patterns such as docker:*, of those one holds. What tokenScopes calls namedOnly counts by its own name.',
      validate: z.array(z.string().max(100)).min(1, 'at least one').max(100, 'at most 100'),
    }),
    serverIds: t.idList({
      description: 'Only these servers; everywhere when groupIds is empty too.',
      validate: ids,
    }),
  }),
});

const CreateApiTokenPayload = builder.objectRef<NewToken>('CreateApiTokenPayload').implement({
  access: 'inherited',
  perViewer: true,
  fields: (t) => ({
    secret: t.exposeString('secret', {
      perViewer: true,
      description: 'The token itself, sk_…: answered here and nowhere else.',
    }),
    token: t.field({ type: ApiToken, description: 'What is kept of it.', resolve: ({ token }) => token }),
  }),
});

const UpdateApiTokenInput = builder.inputType('UpdateApiTokenInput', {
  fields: (t) => ({
    name: t.string({
      required: true,
      description: '1 to 100 characters: what it is for.',
      validate: nameText(100),
    }),
    tokenId: t.id({ required: true, description: 'The token, by its id.' }),
  }),
});

const RevokeApiTokenInput = builder.inputType('RevokeApiTokenInput', {
  fields: (t) => ({ tokenId: t.id({ required: true, description: 'The token, by its id.' }) }),
});

const ApiTokenPayload = builder.objectRef<Pick<NewToken, 'token'>>('ApiTokenPayload').implement({
  access: 'inherited',
  description: 'An API token that was changed.',
  fields: (t) => ({
    token: t.field({ type: ApiToken, description: 'As it is now.', resolve: ({ token }) => token }),
  }),
});

builder.mutationFields((t) => ({
  createApiToken: t.field({
    type: CreateApiTokenPayload,
    access: 'session',
    fresh: true,
    description:
      'Makes an API token: `Authorization: Bearer sk_…` over HTTP, connectionParams.token over a WebSocket. It may do what its scopes say on its servers, and never more than its owner may at that moment. Needs a fresh session: tokens make no tokens.',
    args: { input: t.arg({ type: CreateApiTokenInput, required: true }) },
    resolve: (_root, { input }, context) => {
      const { addresses, expiresAt, groupIds, name, scopes, serverIds } = input;
      return context.services.tokens.create(
        requireUser(context),
        {
          name,
          scopes,
          serverIds: serverIds ?? [],
          groupIds: groupIds ?? [],
          addresses: addresses ?? [],
          expiresAt: expiresAt ?? null,
        },
        context.address,
      );
    },
  }),
  updateApiToken: t.field({
    type: ApiTokenPayload,
    access: 'session',
    description: "Changes the name of a token of one's own; what it may do never changes. Needs a session.",
    args: { input: t.arg({ type: UpdateApiTokenInput, required: true }) },
    resolve: async (_root, { input: { tokenId, name } }, context) => ({
      token: await context.services.tokens.rename(requireUser(context), tokenId, name, context.address),
    }),
  }),
  revokeApiToken: t.field({
    type: ApiTokenPayload,
    access: 'signedIn',
    description:
      "Ends a token and whatever it holds open, at once: one's own, or somebody else's with users:write and all that their role allows. A token can end itself, and no other without users:write. For everyone who is signed in.",
    args: { input: t.arg({ type: RevokeApiTokenInput, required: true }) },
    resolve: async (_root, { input: { tokenId } }, context) => ({
      token: await context.services.tokens.revoke(tokenId, { ...context, principal: requirePerson(context) }),
    }),
  }),
}));

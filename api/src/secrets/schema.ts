import { longestSecret, secretName, secretNameRule } from '@serverkit/wire/secret-references.ts';
import * as z from 'zod';
import type { BoundPlaces } from '../access/bound-places.ts';
import { boundPlacesInput, tellBoundPlaces } from '../access/bound-places-type.ts';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import type { Principal, RequestContext } from '../context.ts';
import { ServerKitError } from '../errors.ts';
import { each } from '../graphql/access.ts';
import { nameText } from '../input-text.ts';
import type { KnownSecret } from './service.ts';
import type { SecretUser, SecretUsers } from './users.ts';

const usersFor = new WeakMap<RequestContext, Promise<SecretUsers>>();

/** Found once for all secrets of one operation. */
function usersOf(context: RequestContext): Promise<SecretUsers> {
  const { services, principal } = context;
  const users = usersFor.get(context) ?? services.secrets.users(principal.rights);
  usersFor.set(context, users);
  return users;
}

const SecretUserType = builder.objectRef<SecretUser>('SecretUser').implement({
  access: 'docker:containers:read',
  on: ({ serverId }) => serverId,
  perViewer: true,
  description: 'A container that was made with a secret.',
  fields: (t) => ({
    containerId: t.exposeID('containerId', { description: "Docker's id." }),
    containerName: t.exposeString('containerName', { description: 'Its name.' }),
    serverId: t.exposeID('serverId', { description: 'The server that it is on.' }),
  }),
});

const SecretType = builder.objectRef<KnownSecret>('Secret').implement({
  access: 'inherited',
  perViewer: true,
  description: 'A value that containers get by its name, and that is never told again.',
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first kept.' }),
    description: t.exposeString('description', { description: 'What it is for, in the words of people.' }),
    id: t.exposeID('id', { description: 'Opaque, sct_….' }),
    name: t.exposeString('name', {
      description:
        'As containers refer to it. Where several have one name, a server gets its own, else that of its nearest group, else that of every server.',
    }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When its value was last given.' }),
    usedAt: t.expose('usedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a server last got it; null for never.',
    }),
    usedBy: t.field({
      type: [SecretUserType],
      description:
        'Containers that were made with a secret of this name where servers get this one, as last seen; only those that you see.',
      resolve: async (secret, _args, context) =>
        context.services.secrets.usersOf(secret, await usersOf(context)),
    }),
    version: t.exposeInt('version', { description: 'Grows with each value, from 1.' }),
  }),
});

tellBoundPlaces(SecretType, 'it');

builder.queryField('secrets', (t) =>
  t.field({
    type: [SecretType],
    access: 'secrets:use',
    on: each,
    perViewer: true,
    description:
      'Secrets that a server gets on which you may use them, by name, without their values. Scope: secrets:use.',
    resolve: (_root, _args, { services, principal }) => services.secrets.list(principal.rights),
  }),
);

const name = z.string().regex(secretName, secretNameRule);
/** One line, or none. */
const description = z.union([z.literal(''), nameText(500)]);
const value = z
  .string()
  .min(1, 'must not be empty')
  .refine((text) => Buffer.byteLength(text) <= longestSecret, 'must have at most 64 KB')
  .refine((text) => !text.includes('\0'), 'must not hold NUL');

const valueField = {
  description: 'Text, up to 64 KB. It is kept encrypted, and never told again.',
  validate: value,
} as const;
const descriptionField = { description: 'What it is for; one line.', validate: description } as const;
const secretIdField = { required: true, description: 'The secret, by its id.' } as const;

const SecretPlacesInput = boundPlacesInput(
  'SecretPlacesInput',
  'Which servers get a secret, where whoever is root can read it: every one, or those of a choice.',
);

/** Whoever may use it where it goes could read it there, so nobody sends it where they may not use it. */
function mayHandOut(places: BoundPlaces, { rights }: Principal): BoundPlaces {
  // Who holds secrets:write holds whatever they hold on every server.
  if (rights.everywhere.has('secrets:use')) return places;
  throw new ServerKitError(
    'PERMISSION_DENIED',
    'Only who holds secrets:use on every server says which servers get a secret.',
    { details: { scope: 'secrets:use' } },
  );
}

const CreateSecretInput = builder.inputType('CreateSecretInput', {
  fields: (t) => ({
    description: t.string({ ...descriptionField, required: true, defaultValue: '' }),
    name: t.string({
      required: true,
      description:
        'As containers refer to it: letters, digits, dots, dashes and underscores, at most 64. It never changes.',
      validate: name,
    }),
    places: t.field({ type: SecretPlacesInput, required: true, description: 'Which servers get it.' }),
    value: t.string({ ...valueField, required: true }),
  }),
});

const UpdateSecretInput = builder.inputType('UpdateSecretInput', {
  fields: (t) => ({
    description: t.string(descriptionField),
    places: t.field({
      type: SecretPlacesInput,
      description: 'Which servers get it from now on; those of before when absent.',
    }),
    secretId: t.id(secretIdField),
    value: t.string(valueField),
  }),
});

const DeleteSecretInput = builder.inputType('DeleteSecretInput', {
  fields: (t) => ({ secretId: t.id(secretIdField) }),
});

const SecretPayload = builder.objectRef<{ readonly secret: KnownSecret }>('SecretPayload').implement({
  access: 'inherited',
  description: 'A secret that was changed.',
  fields: (t) => ({
    secret: t.field({ type: SecretType, description: 'As it is now.', resolve: ({ secret }) => secret }),
  }),
});

const DeleteSecretPayload = builder
  .objectRef<{ readonly deletedSecretId: string }>('DeleteSecretPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      deletedSecretId: t.exposeID('deletedSecretId', { description: 'The secret that is gone.' }),
    }),
  });

builder.mutationFields((t) => ({
  createSecret: t.field({
    type: SecretPayload,
    access: 'secrets:write',
    fresh: true,
    description:
      'Keeps a secret, and says which servers get it: whoever may use secrets on one of these can put it into a container there, and so read it. Scope: secrets:write, and secrets:use on every server; needs a fresh sign-in.',
    args: { input: t.arg({ type: CreateSecretInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      secret: await context.services.secrets.create(
        { ...input, places: mayHandOut(input.places, context.principal) },
        actorOf(context),
      ),
    }),
  }),
  deleteSecret: t.field({
    type: DeleteSecretPayload,
    access: 'secrets:write',
    fresh: true,
    description:
      'Forgets a secret. Containers that have it keep what they were given, but cannot be recreated. Scope: secrets:write; needs a fresh sign-in.',
    args: { input: t.arg({ type: DeleteSecretInput, required: true }) },
    resolve: async (_root, { input: { secretId } }, context) => {
      await context.services.secrets.delete(secretId, actorOf(context));
      return { deletedSecretId: secretId };
    },
  }),
  updateSecret: t.field({
    type: SecretPayload,
    access: 'secrets:write',
    fresh: true,
    description:
      'Replaces the value of a secret, its description, or the servers that get it; what is absent stays as it is. Containers get the new value when they are made again. Scope: secrets:write, and secrets:use on every server for other servers; needs a fresh sign-in.',
    args: { input: t.arg({ type: UpdateSecretInput, required: true }) },
    resolve: async (_root, { input: { secretId, description: text, value: next, places } }, context) => ({
      secret: await context.services.secrets.update(
        secretId,
        {
          description: text ?? undefined,
          value: next ?? undefined,
          places: places ? mayHandOut(places, context.principal) : undefined,
        },
        actorOf(context),
      ),
    }),
  }),
}));

import { isRegistryHost } from '@serverkit/wire/image-reference.ts';
import * as z from 'zod';
import type { BoundPlaces } from '../access/bound-places.ts';
import { boundPlacesInput, tellBoundPlaces } from '../access/bound-places-type.ts';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { nameText } from '../input-text.ts';
import { ServerKitError } from '../errors.ts';
import type { Principal } from '../context.ts';
import type { KnownRegistry, RegistryCheck } from './service.ts';

const RegistryType = builder.objectRef<KnownRegistry>('Registry').implement({
  access: 'inherited',
  perViewer: true,
  description: 'A registry of images with credentials, which are used by its host and never told.',
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first kept.' }),
    host: t.exposeString('host', {
      description: 'Host and port as references name them; docker.io for Docker Hub.',
    }),
    id: t.exposeID('id', { description: 'Opaque, rgy_….' }),
    updatedAt: t.expose('updatedAt', {
      type: 'DateTime',
      description: 'When its credentials were last given.',
    }),
    username: t.exposeString('username', { description: 'As whom servers sign in.' }),
  }),
});

tellBoundPlaces(RegistryType, 'its credentials');

builder.queryField('registries', (t) =>
  t.field({
    type: [RegistryType],
    access: 'docker:images:read',
    on: each,
    perViewer: true,
    description:
      'Registries that there are credentials for on a server that you see, by host. Scope: docker:images:read.',
    resolve: (_root, _args, { services, principal }) => services.registries.list(principal.rights),
  }),
);

const host = z
  .string()
  .trim()
  .refine(
    isRegistryHost,
    'must be a host such as ghcr.io or registry.example:5000, without https:// or a path',
  );
/** What stands before the colon of basic authentication has none itself (RFC 7617). */
const username = nameText(200).refine((text) => !text.includes(':'), 'must not hold a colon');
const password = z.string().min(1, 'must not be empty').max(8_192, 'must have at most 8,192 characters');

const passwordField = {
  description: 'A password or access token. It is kept encrypted, and never told again.',
  validate: password,
} as const;
const usernameField = { description: 'As whom to sign in.', validate: username } as const;
const registryIdField = { required: true, description: 'The registry, by its id.' } as const;

const RegistryPlacesInput = boundPlacesInput(
  'RegistryPlacesInput',
  "Which servers get a registry's credentials, where whoever is root can read them: every one, or those of a choice.",
);

/** Whoever has a server pull with a password could read it there, so nobody hands it out who may not pull. */
function mayHandOut(places: BoundPlaces, { rights }: Principal): BoundPlaces {
  // Who holds settings:write holds whatever they hold on every server.
  if (rights.everywhere.has('docker:images:write')) return places;
  throw new ServerKitError(
    'PERMISSION_DENIED',
    'Only who holds docker:images:write says which servers get the credentials of a registry.',
  );
}

const CreateRegistryInput = builder.inputType('CreateRegistryInput', {
  fields: (t) => ({
    host: t.string({
      required: true,
      description: 'Host and port as references name them, such as ghcr.io; it never changes.',
      validate: host,
    }),
    password: t.string({ ...passwordField, required: true }),
    places: t.field({
      type: RegistryPlacesInput,
      required: true,
      description: 'Which servers get the credentials.',
    }),
    username: t.string({ ...usernameField, required: true }),
  }),
});

const UpdateRegistryInput = builder.inputType('UpdateRegistryInput', {
  fields: (t) => ({
    password: t.string(passwordField),
    places: t.field({
      type: RegistryPlacesInput,
      description: 'Which servers get the credentials from now on; those of before when absent.',
    }),
    registryId: t.id(registryIdField),
    username: t.string(usernameField),
  }),
});

const DeleteRegistryInput = builder.inputType('DeleteRegistryInput', {
  fields: (t) => ({ registryId: t.id(registryIdField) }),
});

const CheckRegistryInput = builder.inputType('CheckRegistryInput', {
  fields: (t) => ({
    registryId: t.id(registryIdField),
    serverId: t.id({ required: true, description: 'The server that signs in.' }),
  }),
});

const RegistryPayload = builder.objectRef<{ readonly registry: KnownRegistry }>('RegistryPayload').implement({
  access: 'inherited',
  description: 'A registry that was changed.',
  fields: (t) => ({
    registry: t.field({
      type: RegistryType,
      description: 'As it is now.',
      resolve: ({ registry }) => registry,
    }),
  }),
});

const DeleteRegistryPayload = builder
  .objectRef<{ readonly deletedRegistryId: string }>('DeleteRegistryPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      deletedRegistryId: t.exposeID('deletedRegistryId', { description: 'The registry that is gone.' }),
    }),
  });

const CheckRegistryPayload = builder.objectRef<RegistryCheck>('CheckRegistryPayload').implement({
  access: 'inherited',
  description: 'Whether a registry lets a server in.',
  fields: (t) => ({
    accepted: t.exposeBoolean('accepted', { description: 'Whether it does.' }),
    message: t.exposeString('message', { description: 'What it said, or why it could not be asked.' }),
  }),
});

builder.mutationFields((t) => ({
  checkRegistry: t.field({
    type: CheckRegistryPayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Signs in to a registry from a server that its credentials are for: what counts is whether its engine reaches the registry, trusts its certificate and is let in. Scope: docker:images:write.',
    args: { input: t.arg({ type: CheckRegistryInput, required: true }) },
    resolve: (_root, { input: { registryId, serverId } }, context) =>
      context.services.registries.check(registryId, serverId, {
        actor: actorOf(context),
        signal: context.signal,
        rights: context.principal.rights,
      }),
  }),
  createRegistry: t.field({
    type: RegistryPayload,
    access: 'settings:write',
    fresh: true,
    description:
      'Keeps credentials for a registry, and says which servers get them: whoever may change images on one of these pulls with them there. Scope: settings:write, and docker:images:write on those servers; needs a fresh sign-in.',
    args: { input: t.arg({ type: CreateRegistryInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      registry: await context.services.registries.create(
        { ...input, places: mayHandOut(input.places, context.principal) },
        actorOf(context),
      ),
    }),
  }),
  deleteRegistry: t.field({
    type: DeleteRegistryPayload,
    access: 'settings:write',
    fresh: true,
    description: 'Forgets the credentials for a registry. Scope: settings:write; needs a fresh sign-in.',
    args: { input: t.arg({ type: DeleteRegistryInput, required: true }) },
    resolve: async (_root, { input: { registryId } }, context) => {
      await context.services.registries.delete(registryId, actorOf(context));
      return { deletedRegistryId: registryId };
    },
  }),
  updateRegistry: t.field({
    type: RegistryPayload,
    access: 'settings:write',
    fresh: true,
    description:
      'Takes other credentials for a registry, or other servers that get them; what is absent stays as it is. Scope: settings:write, and docker:images:write on servers that get them; needs a fresh sign-in.',
    args: { input: t.arg({ type: UpdateRegistryInput, required: true }) },
    resolve: async (_root, { input: { registryId, username: name, password: secret, places } }, context) => ({
      registry: await context.services.registries.update(
        registryId,
        {
          username: name ?? undefined,
          password: secret ?? undefined,
          places: places ? mayHandOut(places, context.principal) : undefined,
        },
        actorOf(context),
      ),
    }),
  }),
}));

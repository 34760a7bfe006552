import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import { BulkError, shownError } from '../bulk/result-type.ts';
import { inBulk, type Outcome } from '../bulk/service.ts';
import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { requireOn } from '../graphql/refusals.ts';
import { renewed } from '../graphql/renewal.ts';
import { imageReference } from './fields.ts';
import { ImageType } from './image-type.ts';
import { ImagePruneExtentEnum, PruneImagesPayload } from './prune-type.ts';
import type { RemovedImage, SeenImage } from './service.ts';

const mostTargets = 500;

const TagImagePayload = builder.objectRef<{ readonly image: SeenImage }>('TagImagePayload').implement({
  access: 'inherited',
  fields: (t) => ({
    image: t.field({ type: ImageType, description: 'As it is now.', resolve: ({ image }) => image }),
  }),
});

const RemoveImagePayload = builder.objectRef<RemovedImage>('RemoveImagePayload').implement({
  access: 'inherited',
  fields: (t) => ({
    deletedIds: t.exposeStringList('deletedIds', { description: 'Ids of images and layers that are gone.' }),
    untagged: t.exposeStringList('untagged', { description: 'Names that were taken off.' }),
  }),
});

const TagImageInput = builder.inputType('TagImageInput', {
  fields: (t) => ({
    reference: t.string({ required: true, description: 'By name or id.', validate: imageReference }),
    serverId: t.id({ required: true, description: 'The server it is on.' }),
    target: t.string({
      required: true,
      description: 'The name to give, such as registry.example/team/app:1.2; latest when it has no tag.',
      validate: imageReference,
    }),
  }),
});

const forceField = {
  required: true,
  defaultValue: false,
  description: 'By id with all of its names, and though stopped containers were made from it.',
} as const;

const RemoveImageInput = builder.inputType('RemoveImageInput', {
  fields: (t) => ({
    force: t.boolean(forceField),
    reference: t.string({ required: true, description: 'By name or id.', validate: imageReference }),
    serverId: t.id({ required: true, description: 'The server it is on.' }),
  }),
});

const PruneImageTarget = builder.inputType('PruneImageTarget', {
  description: 'An image of a preview, by what was shown of it.',
  fields: (t) => ({
    id: t.id({ required: true, description: "Docker's id, sha256:…." }),
    tags: t.stringList({
      required: true,
      description: 'As they were shown: an image with other names by now stays.',
      validate: z.array(z.string().max(400)).max(1_000),
    }),
  }),
});

const PruneImagesInput = builder.inputType('PruneImagesInput', {
  fields: (t) => ({
    extent: t.field({
      type: ImagePruneExtentEnum,
      required: true,
      description: 'As the preview was asked for.',
    }),
    images: t.field({
      type: [PruneImageTarget],
      required: true,
      description: 'Those to remove of the preview, 1 to 1,000. Nothing else goes.',
      validate: z.array(z.unknown()).min(1, 'must name at least one').max(1_000),
    }),
    serverId: t.id({ required: true, description: 'The server they are on.' }),
  }),
});

interface ImageTarget {
  readonly serverId: string;
  readonly reference: string;
}

const ImageTargetInput = builder.inputType('ImageTarget', {
  description: 'An image on a server.',
  fields: (t) => ({
    reference: t.string({ required: true, description: 'By name or id.', validate: imageReference }),
    serverId: t.id({ required: true, description: 'The server it is on.' }),
  }),
});

const BulkRemoveImagesInput = builder.inputType('BulkRemoveImagesInput', {
  fields: (t) => ({
    force: t.boolean(forceField),
    targets: t.field({
      type: [ImageTargetInput],
      required: true,
      description: `1 to ${mostTargets} images.`,
      validate: z.array(z.unknown()).min(1, 'must name at least one').max(mostTargets),
    }),
  }),
});

const BulkImageResult = builder.objectRef<Outcome<ImageTarget>>('BulkImageResult').implement({
  access: 'inherited',
  echoes: true,
  description: 'How it ended for one of many images.',
  fields: (t) => ({
    error: t.field({
      type: BulkError,
      nullable: true,
      description: 'Why not; null when it was done.',
      resolve: ({ error }, _args, { log }) => shownError(error, log),
    }),
    ok: t.boolean({ description: 'Whether it was done.', resolve: ({ error }) => error === null }),
    reference: t.string({
      description: 'The image, as it was named.',
      resolve: ({ target }) => target.reference,
    }),
    serverId: t.id({ description: 'The server it is on.', resolve: ({ target }) => target.serverId }),
  }),
});

builder.mutationFields((t) => ({
  bulkRemoveImages: t.field({
    type: [BulkImageResult],
    access: 'docker:images:write',
    on: each,
    description:
      'Deletes many images, on any servers, and tells how each ended. Scope: docker:images:write on the server of each.',
    args: { input: t.arg({ type: BulkRemoveImagesInput, required: true }) },
    resolve: (_root, { input: { targets, force } }, context) =>
      inBulk<ImageTarget>({
        targets,
        serverOf: ({ serverId }) => serverId,
        signal: context.signal,
        work: async ({ serverId, reference }) => {
          // Its turn may come long after the whole was allowed.
          const need = { access: 'docker:images:write', where: serverId } as const;
          requireOn(await renewed(context), need, 'mutation.bulkRemoveImages');
          await context.services.images.remove(serverId, reference, force, {
            actor: actorOf(context),
            signal: context.signal,
          });
        },
      }),
  }),
  pruneImages: t.field({
    type: PruneImagesPayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Removes what a preview (`imagePrunePreview` of the server) named and still is as it was shown, each judged again just before. Scope: docker:images:write.',
    args: { input: t.arg({ type: PruneImagesInput, required: true }) },
    resolve: (_root, { input: { serverId, extent, images } }, context) =>
      context.services.images.prune(serverId, extent, images, {
        actor: actorOf(context),
        signal: context.signal,
      }),
  }),
  removeImage: t.field({
    type: RemoveImagePayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description:
      'By name, takes the name off, and deletes the image with its last one; by id, deletes it. CONFLICT when it is in use. Scope: docker:images:write.',
    args: { input: t.arg({ type: RemoveImageInput, required: true }) },
    resolve: (_root, { input: { serverId, reference, force } }, context) =>
      context.services.images.remove(serverId, reference, force, {
        actor: actorOf(context),
        signal: context.signal,
      }),
  }),
  tagImage: t.field({
    type: TagImagePayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Gives an image another name. What had that name before loses it. Scope: docker:images:write.',
    args: { input: t.arg({ type: TagImageInput, required: true }) },
    resolve: async (_root, { input: { serverId, reference, target } }, context) => ({
      image: await context.services.images.tag(serverId, reference, target, {
        actor: actorOf(context),
        signal: context.signal,
      }),
    }),
  }),
}));

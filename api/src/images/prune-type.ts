import { builder } from '../builder.ts';
import type { PrunePreview, PruneResult } from './service.ts';

export const ImagePruneExtentEnum = builder.enumType('ImagePruneExtent', {
  description: 'How far a prune of images goes.',
  values: {
    DANGLING: { description: 'Unused images without a tag.' },
    UNUSED: { description: 'All images that no container was made from.' },
  } as const,
});

const PrunableImage = builder.objectRef<PrunePreview['images'][number]>('PrunableImage').implement({
  access: 'inherited',
  description: 'An image that a prune removes.',
  fields: (t) => ({
    digests: t.exposeStringList('digests', { description: 'What registries call it: name@sha256:….' }),
    id: t.exposeID('id', { description: "Docker's id, sha256:…." }),
    sizeBytes: t.expose('sizeBytes', {
      type: 'SafeInt',
      description: 'All of its layers, those included that other images have as well.',
    }),
    tags: t.exposeStringList('tags', { description: 'Its names, name:tag.' }),
  }),
});

export const ImagePrunePreviewType = builder.objectRef<PrunePreview>('ImagePrunePreview').implement({
  access: 'inherited',
  description: 'What a prune would remove now.',
  fields: (t) => ({
    images: t.field({ type: [PrunableImage], description: 'Each of them.', resolve: ({ images }) => images }),
    reclaimableBytes: t.expose('reclaimableBytes', {
      type: 'SafeInt',
      description: 'What the disk gets back: layers that no other image has, each counted once.',
    }),
  }),
});

const KeptImage = builder.objectRef<PruneResult['kept'][number]>('KeptImage').implement({
  access: 'inherited',
  description: 'An image of a preview that was not removed after all.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Docker's id, sha256:…." }),
    reason: t.exposeString('reason', { description: 'Why, as a sentence in English.' }),
    tags: t.exposeStringList('tags', { description: 'Its names, as they were shown.' }),
  }),
});

export const PruneImagesPayload = builder.objectRef<PruneResult>('PruneImagesPayload').implement({
  access: 'inherited',
  description: 'How a prune of images ended.',
  fields: (t) => ({
    kept: t.field({ type: [KeptImage], description: 'Those that stayed.', resolve: ({ kept }) => kept }),
    reclaimedBytes: t.expose('reclaimedBytes', { type: 'SafeInt', description: 'What the disk got back.' }),
    removed: t.field({
      type: [PrunableImage],
      description: 'Those that are gone.',
      resolve: ({ removed }) => removed,
    }),
  }),
});

import { builder } from '../builder.ts';
import { AgentError } from '../errors.ts';
import { scoped } from '../scoped.ts';
import type { KeptImage, PruneCandidate, PrunePreview, PruneResult } from './image.ts';
import { prune, prunePreview } from './service.ts';

/** A preview of more is pruned in parts. */
const MAX_TARGETS = 1000;

const Extent = builder.enumType('ImagePruneExtent', {
  values: {
    DANGLING: { description: 'Unused images without a tag.' },
    UNUSED: { description: 'All images that no container was made from.' },
  } as const,
});

const Candidate = builder.objectRef<PruneCandidate>('PrunableImage').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    tags: t.exposeStringList('tags'),
    digests: t.exposeStringList('digests'),
    sizeBytes: t.expose('sizeBytes', { type: 'SafeInt', description: 'Of all of its layers.' }),
  }),
});

const Preview = builder.objectRef<PrunePreview>('ImagePrunePreview').implement({
  description: 'What a prune would remove now.',
  fields: (t) => ({
    images: t.expose('images', { type: [Candidate] }),
    reclaimableBytes: t.expose('reclaimableBytes', {
      type: 'SafeInt',
      description: 'Layers that no other image has, each counted once.',
    }),
  }),
});

const Kept = builder.objectRef<KeptImage>('KeptImage').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    tags: t.exposeStringList('tags'),
    reason: t.exposeString('reason', { description: 'Why it was not removed, as a sentence.' }),
  }),
});

const Result = builder.objectRef<PruneResult>('ImagePruneResult').implement({
  fields: (t) => ({
    removed: t.expose('removed', { type: [Candidate] }),
    kept: t.expose('kept', { type: [Kept] }),
    reclaimedBytes: t.expose('reclaimedBytes', { type: 'SafeInt' }),
  }),
});

builder.queryField('imagePrunePreview', (t) =>
  t.field({
    ...scoped('docker:images:read'),
    type: Preview,
    args: { extent: t.arg({ type: Extent, required: true }) },
    resolve(_root, { extent }, { services }) {
      services.policy.requireFeature('docker');
      return prunePreview(services.docker.engine, extent);
    },
  }),
);

const Target = builder.inputType('ImagePruneTarget', {
  fields: (t) => ({
    id: t.id({ required: true }),
    tags: t.stringList({ required: true, description: 'As they were shown: with other names it stays.' }),
  }),
});

builder.mutationField('pruneImages', (t) =>
  t.field({
    ...scoped('docker:images:write'),
    description:
      'Removes those of a preview that still are as they were shown, each judged again just before. Nothing is forced.',
    type: Result,
    args: {
      extent: t.arg({ type: Extent, required: true }),
      images: t.arg({ type: [Target], required: true, description: `At most ${MAX_TARGETS}.` }),
    },
    resolve(_root, { extent, images }, { services, signal }) {
      services.policy.requireFeature('docker');
      if (images.length > MAX_TARGETS) {
        throw new AgentError('INPUT_INVALID', `images must be at most ${MAX_TARGETS}.`);
      }
      return prune(services.docker.engine, images, extent, signal);
    },
  }),
);

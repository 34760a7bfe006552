import { builder } from '../builder.ts';
import { AgentError } from '../errors.ts';
import { scoped } from '../scoped.ts';
import './actions-schema.ts';
import './prune-schema.ts';
import './build-schema.ts';
import './push-schema.ts';
import './registry-schema.ts';
import './update-schema.ts';
import './pull-schema.ts';
import { ImageDetailsType, ImagePageType, ImageStepType } from './image-type.ts';
import { imageDetails, imageHistory, listImages } from './service.ts';

/** Keeps a page of images with many names well below the largest frame. */
const MAX_PAGE = 500;

builder.queryFields((t) => ({
  images: t.field({
    ...scoped('docker:images:read'),
    description: 'Newest first.',
    type: ImagePageType,
    args: {
      first: t.arg.int({ required: true, defaultValue: 200, description: `At most ${MAX_PAGE}.` }),
      after: t.arg.string(),
    },
    resolve(_root, { first, after }, { services }) {
      services.policy.requireFeature('docker');
      if (first < 1 || first > MAX_PAGE) {
        throw new AgentError('INPUT_INVALID', `first must be between 1 and ${MAX_PAGE}.`);
      }
      return listImages(services.docker.engine, first, after ?? null);
    },
  }),
  image: t.field({
    ...scoped('docker:images:read'),
    description: 'By name, id, or 12 or more digits of one; null when there is no such image.',
    type: ImageDetailsType,
    nullable: true,
    args: { reference: t.arg.string({ required: true }) },
    resolve(_root, { reference }, { services }) {
      services.policy.requireFeature('docker');
      return imageDetails(services.docker.engine, reference);
    },
  }),
  imageHistory: t.field({
    ...scoped('docker:images:read'),
    description: 'How an image was made, newest step first.',
    type: [ImageStepType],
    args: { reference: t.arg.string({ required: true }) },
    resolve(_root, { reference }, { services }) {
      services.policy.requireFeature('docker');
      return imageHistory(services.docker.engine, reference);
    },
  }),
}));

import { builder } from '../builder.ts';
import { scoped } from '../scoped.ts';
import type { RemovedImage } from './image.ts';
import { ImageType } from './image-type.ts';
import { removeImage, tagImage } from './service.ts';

builder.mutationField('tagImage', (t) =>
  t.field({
    ...scoped('docker:images:write'),
    description: 'Gives an image another name. What had that name before loses it.',
    type: ImageType,
    args: {
      reference: t.arg.string({ required: true }),
      target: t.arg.string({ required: true, description: 'name:tag; latest when it has no tag.' }),
    },
    resolve(_root, { reference, target }, { services, signal }) {
      services.policy.requireFeature('docker');
      return tagImage(services.docker.engine, reference, target, signal);
    },
  }),
);

const Removed = builder.objectRef<RemovedImage>('RemovedImage').implement({
  fields: (t) => ({
    untagged: t.exposeStringList('untagged', { description: 'Names that were taken off.' }),
    deletedIds: t.exposeStringList('deletedIds', { description: 'Ids of images and layers that are gone.' }),
  }),
});

builder.mutationField('removeImage', (t) =>
  t.field({
    ...scoped('docker:images:write'),
    description:
      'By name, takes the name off, and deletes the image with its last one; by id, deletes it. CONFLICT when it is in use.',
    type: Removed,
    args: {
      reference: t.arg.string({ required: true }),
      force: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: 'By id with all of its names, and though stopped containers were made from it.',
      }),
    },
    resolve(_root, { reference, force }, { services, signal }) {
      services.policy.requireFeature('docker');
      return removeImage(services.docker.engine, reference, force, signal);
    },
  }),
);

import { builder } from '../builder.ts';
import { scoped } from '../scoped.ts';
import { RegistryAuthInput } from './pull-schema.ts';
import { imageUpdate, type ImageUpdate } from './update.ts';

const Update = builder.objectRef<ImageUpdate>('ImageUpdate').implement({
  description: 'How an image compares with what its registry has under the same name.',
  fields: (t) => ({
    localDigests: t.exposeStringList('localDigests', {
      description: 'What the registry called it when it came; empty for one that was made here.',
    }),
    remoteDigest: t.exposeString('remoteDigest', {
      nullable: true,
      description: 'Of what would be pulled now; null for one that was made here.',
    }),
  }),
});

builder.queryField('imageUpdate', (t) =>
  t.field({
    ...scoped('docker:images:read'),
    description: 'Asks the registry of a tag for the digest behind it; nothing is downloaded.',
    type: Update,
    args: {
      reference: t.arg.string({ required: true }),
      auth: t.arg({ type: RegistryAuthInput }),
    },
    resolve(_root, { reference, auth }, { services }) {
      services.policy.requireFeature('docker');
      return imageUpdate(services.docker.engine, reference, auth ? [auth] : []);
    },
  }),
);

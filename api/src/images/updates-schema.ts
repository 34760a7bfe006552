import { actorOf } from '../audit/actor.ts';
import { BulkError, shownError } from '../bulk/result-type.ts';
import { builder } from '../builder.ts';
import { fewOf } from '../input-text.ts';
import { ServerType } from '../servers/server-type.ts';
import type { ImageUpdate } from './updates.ts';

const ImageUpdateState = builder.enumType('ImageUpdateState', {
  description: 'How an image compares with what its registry has under the same tag.',
  values: {
    CURRENT: { description: 'It is what would be pulled now.' },
    LOCAL: { description: 'It was made on the server, and came from no registry.' },
    NEWER: { description: 'Something else would be pulled now.' },
    UNKNOWN: { description: 'The registry did not tell; see `error`.' },
  } as const,
});

const ImageUpdateType = builder.objectRef<ImageUpdate>('ImageUpdate').implement({
  access: 'inherited',
  description: 'Whether a registry has something newer under the tag of an image.',
  fields: (t) => ({
    error: t.field({
      type: BulkError,
      nullable: true,
      description: 'Why it is not known; null when it is.',
      resolve: ({ error }, _args, { log }) => shownError(error, log),
    }),
    reference: t.exposeString('reference', { description: 'The tag, as it was asked for.' }),
    remoteDigest: t.exposeString('remoteDigest', {
      nullable: true,
      description: 'What would be pulled now, sha256:…; null where that is not known.',
    }),
    state: t.field({
      type: ImageUpdateState,
      description: 'What the comparison came to.',
      resolve: ({ state }) => state,
    }),
  }),
});

builder.prismaObjectFields(ServerType, (t) => ({
  imageUpdates: t.field({
    type: [ImageUpdateType],
    nullable: true,
    access: 'docker:images:read',
    on: ({ id }) => id,
    description:
      'Has the server ask the registries of these tags whether they have something newer. Nothing is downloaded. Credentials for them are used for those who may pull there: docker:images:write.',
    perViewer: true,
    args: {
      references: t.arg.stringList({
        required: true,
        description: 'Tags of images of the server, at most 50.',
        validate: fewOf(50),
      }),
    },
    resolve: (server, { references }, context) =>
      context.services.images.updates(server.id, references, {
        actor: actorOf(context),
        signal: context.signal,
        withCredentials: context.principal.rights.on(server.id).has('docker:images:write'),
      }),
  }),
}));

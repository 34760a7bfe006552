import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { pageOf } from '../graphql/page.ts';
import { seesWith } from '../access/sees.ts';
import { fewOf, searchText } from '../input-text.ts';
import { ServerType } from '../servers/server-type.ts';
import { UnansweredServer, unansweredOf } from '../servers/unanswered-type.ts';
import { familiarName, goesBy } from './familiar.ts';
import { imageReference } from './fields.ts';
import { askerOf } from '../graphql/held.ts';
import { ImageType } from './image-type.ts';
import { ImagePruneExtentEnum, ImagePrunePreviewType } from './prune-type.ts';
import type { SeenImage } from './service.ts';

builder.prismaObjectFields(ServerType, (t) => ({
  image: t.field({
    type: ImageType,
    nullable: true,
    access: 'docker:images:read',
    on: ({ id }) => id,
    description: 'One image by id, 12 or more digits of it, or name; null when there is none.',
    args: {
      reference: t.arg.string({
        required: true,
        description: 'An id, 12 or more digits of one, or a name such as registry.example/app:1.2.',
        validate: imageReference,
      }),
    },
    resolve: async (server, { reference }, { services, principal }) => {
      const details = await services.images.details(server.id, reference, askerOf(principal));
      return details && { serverId: server.id, image: details.image };
    },
  }),
  images: t.field({
    type: [ImageType],
    nullable: true,
    access: 'docker:images:read',
    on: ({ id }) => id,
    description: 'Its images, newest first; asks the agent. Null, with an error, when it does not answer.',
    resolve: (server, _args, { services, principal }) => services.images.list(server.id, askerOf(principal)),
  }),
  imagePrunePreview: t.field({
    type: ImagePrunePreviewType,
    nullable: true,
    access: 'docker:images:read',
    on: ({ id }) => id,
    description: 'What pruneImages would remove now; asks the agent.',
    args: { extent: t.arg({ type: ImagePruneExtentEnum, required: true, description: 'How far it goes.' }) },
    resolve: (server, { extent }, { services, principal }) =>
      services.images.prunePreview(server.id, extent, askerOf(principal)),
  }),
}));

const FleetImageFilter = builder.inputType('FleetImageFilter', {
  description: 'Which images of the fleet. All that is given must hold.',
  fields: (t) => ({
    dangling: t.boolean({ description: 'Those without a tag, or those with one.' }),
    inUse: t.boolean({ description: 'Those that a container was made from, or the others.' }),
    reference: t.string({
      description:
        'Those that go by this name on their server, as Docker reads it: nginx is docker.io/library/nginx:latest. For what a pull of it would bring again.',
      validate: imageReference,
    }),
    serverIds: t.idList({ description: 'On any of these servers, 1,000 at most.', validate: fewOf(1_000) }),
    text: t.string({
      description: 'Words that are all found in names, digests or id. At most 200 characters.',
      validate: searchText,
    }),
  }),
});

type Filter = typeof FleetImageFilter.$inferInput;

function fits({ image }: SeenImage, { dangling, inUse, reference, text }: Filter): boolean {
  if (dangling != null && dangling !== (image.tags.length === 0)) return false;
  if (inUse != null && inUse !== image.containers.length > 0) return false;
  if (reference != null && !goesBy(image, familiarName(reference))) return false;
  const haystack = [...image.tags, ...image.digests, image.id].join('\n').toLowerCase();
  return (text ?? '')
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

builder.queryField('images', (t) =>
  t.connection(
    {
      type: ImageType,
      access: 'docker:images:read',
      on: each,
      description:
        'Images of every server, by server and the newest first. Asks all agents at once and waits 5 seconds at most; `unanswered` names those that did not answer. Scope: docker:images:read.',
      args: { filter: t.arg({ type: FleetImageFilter, description: 'Only these.' }) },
      resolve: async (_root, { filter, ...page }, { services, log, principal }) => {
        const wanted = filter ?? {};
        const asked = await services.images.fleet(
          wanted.serverIds ?? null,
          seesWith(principal.rights, 'docker:images:read'),
          askerOf(principal),
        );
        const rows = asked.flatMap(({ answer }) => answer ?? []).filter((seen) => fits(seen, wanted));
        return {
          ...pageOf(rows, page, ({ serverId, image }) => `${serverId}:${image.id}`),
          unanswered: unansweredOf(asked, log),
        };
      },
    },
    {
      name: 'ImageConnection',
      fields: (f) => ({
        totalCount: f.exposeInt('totalCount', { description: 'Those that fit, on all pages.' }),
        unanswered: f.expose('unanswered', {
          type: [UnansweredServer],
          description: 'Servers whose images are missing here.',
        }),
      }),
    },
    { name: 'ImageEdge' },
  ),
);

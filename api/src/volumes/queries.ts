import { seesWith } from '../access/sees.ts';
import { builder } from '../builder.ts';
import { askerOf } from '../graphql/held.ts';
import { each } from '../graphql/access.ts';
import { pageOf } from '../graphql/page.ts';
import { fewOf, searchText } from '../input-text.ts';
import { ServerType } from '../servers/server-type.ts';
import { UnansweredServer, unansweredOf } from '../servers/unanswered-type.ts';
import { volumeName } from './names.ts';
import type { SeenVolume } from './service.ts';
import { UnusedVolumesType, VolumeSizesType, VolumeType } from './types.ts';

builder.prismaObjectFields(ServerType, (t) => ({
  unusedVolumes: t.field({
    type: UnusedVolumesType,
    nullable: true,
    access: 'docker:volumes:read',
    on: ({ id }) => id,
    description: 'What pruneVolumes is to remove: those that no container uses, not even a stopped one.',
    args: {
      named: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: 'Those that somebody gave a name as well.',
      }),
    },
    resolve: (server, { named }, { services, principal }) =>
      services.volumes.unused(server.id, named, askerOf(principal)),
  }),
  volume: t.field({
    type: VolumeType,
    nullable: true,
    access: 'docker:volumes:read',
    on: ({ id }) => id,
    description: 'One volume; null when there is none of that name.',
    args: { name: t.arg.string({ required: true, description: 'Its name.', validate: volumeName }) },
    resolve: (server, { name }, { services, principal }) =>
      services.volumes.find(server.id, name, askerOf(principal)),
  }),
  volumes: t.field({
    type: [VolumeType],
    nullable: true,
    access: 'docker:volumes:read',
    on: ({ id }) => id,
    description: 'Its volumes, by name; asks the agent. Null, with an error, when it does not answer.',
    resolve: (server, _args, { services, principal }) => services.volumes.list(server.id, askerOf(principal)),
  }),
  volumeSizes: t.field({
    type: VolumeSizesType,
    nullable: true,
    access: 'docker:volumes:read',
    on: ({ id }) => id,
    description:
      'How large its volumes are. It reads all their files for that, at most once a minute however many ask; it may take minutes.',
    resolve: (server, _args, { services, principal }) =>
      services.volumes.sizes(server.id, askerOf(principal)),
  }),
}));

const FleetVolumeFilter = builder.inputType('FleetVolumeFilter', {
  description: 'Which volumes of the fleet. All that is given must hold.',
  fields: (t) => ({
    inUse: t.boolean({ description: 'Those that a container uses, or the others.' }),
    serverIds: t.idList({ description: 'On any of these servers, 1,000 at most.', validate: fewOf(1_000) }),
    text: t.string({
      description: 'Words that are all found in name, driver or labels. At most 200 characters.',
      validate: searchText,
    }),
  }),
});

function fits({ volume }: SeenVolume, { inUse, text }: typeof FleetVolumeFilter.$inferInput): boolean {
  if (inUse != null && inUse !== volume.users.length > 0) return false;
  const labels = volume.labels.map(({ key, value }) => `${key}=${value}`);
  const haystack = [volume.name, volume.driver, ...labels].join('\n').toLowerCase();
  return (text ?? '')
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

builder.queryField('volumes', (t) =>
  t.connection(
    {
      type: VolumeType,
      access: 'docker:volumes:read',
      on: each,
      description:
        'Docker volumes of every server, by server and name. Asks all agents at once and waits 5 seconds at most; `unanswered` names those that did not answer. Scope: docker:volumes:read.',
      args: { filter: t.arg({ type: FleetVolumeFilter, description: 'Only these.' }) },
      resolve: async (_root, { filter, ...page }, { services, log, principal }) => {
        const wanted = filter ?? {};
        const asked = await services.volumes.fleet(
          wanted.serverIds ?? null,
          seesWith(principal.rights, 'docker:volumes:read'),
          askerOf(principal),
        );
        const rows = asked.flatMap(({ answer }) => answer ?? []).filter((seen) => fits(seen, wanted));
        return {
          ...pageOf(rows, page, ({ serverId, volume }) => `${serverId}:${volume.name}`),
          unanswered: unansweredOf(asked, log),
        };
      },
    },
    {
      name: 'VolumeConnection',
      fields: (f) => ({
        totalCount: f.exposeInt('totalCount', { description: 'Those that fit, on all pages.' }),
        unanswered: f.expose('unanswered', {
          type: [UnansweredServer],
          description: 'Servers whose volumes are missing here.',
        }),
      }),
    },
    { name: 'VolumeEdge' },
  ),
);

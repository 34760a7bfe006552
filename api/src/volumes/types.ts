import { builder } from '../builder.ts';
import { LabelType } from '../containers/types.ts';
import { ServerType } from '../servers/server-type.ts';
import type { PrunedVolumes, SeenVolume, UnusedVolumes, VolumeSizes } from './service.ts';

const VolumeUser = builder.objectRef<SeenVolume['volume']['users'][number]>('VolumeUser').implement({
  access: 'inherited',
  description: 'A container that has a volume mounted, running or not.',
  fields: (t) => ({
    containerId: t.exposeID('containerId', { description: "The container, by Docker's id." }),
    containerName: t.exposeString('containerName', { description: 'Its name.' }),
    destination: t.exposeString('destination', { description: 'Where the volume is inside of it.' }),
    readOnly: t.exposeBoolean('readOnly', { description: 'Whether it cannot write to it.' }),
    running: t.exposeBoolean('running', { description: 'Whether it runs.' }),
  }),
});

export const VolumeType = builder.objectRef<SeenVolume>('Volume').implement({
  access: 'docker:volumes:read',
  on: ({ serverId }) => serverId,
  description: 'A Docker volume on a server.',
  fields: (t) => ({
    anonymous: t.boolean({
      description: 'Made without a name, for one container.',
      resolve: ({ volume }) => volume.anonymous,
    }),
    createdAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was made; null where its driver does not tell.',
      resolve: ({ volume: { createdAt } }) => (createdAt === null ? null : new Date(createdAt)),
    }),
    driver: t.string({ description: 'local, or a plugin.', resolve: ({ volume }) => volume.driver }),
    labels: t.field({
      type: [LabelType],
      description: 'Its labels.',
      resolve: ({ volume }) => volume.labels,
    }),
    mountpoint: t.string({
      description: 'Where its files are on the host; empty where its driver does not tell.',
      resolve: ({ volume }) => volume.mountpoint,
    }),
    name: t.string({ description: 'Its name, unique on its server.', resolve: ({ volume }) => volume.name }),
    options: t.field({
      type: [LabelType],
      description: 'Options of its driver; what looks like a secret is masked.',
      resolve: ({ volume }) => volume.options,
    }),
    scope: t.string({
      description: 'local, or global for one of a cluster.',
      resolve: ({ volume }) => volume.scope,
    }),
    server: t.prismaField({
      type: ServerType,
      description: 'The server it is on.',
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUniqueOrThrow({ ...query, where: { id: serverId } }),
    }),
    serverId: t.exposeID('serverId', { description: 'The server it is on.' }),
    users: t.field({
      type: [VolumeUser],
      description: 'The containers that use it.',
      resolve: ({ volume }) => volume.users,
    }),
  }),
});

const VolumeSize = builder.objectRef<VolumeSizes['items'][number]>('VolumeSize').implement({
  access: 'inherited',
  description: 'How large a volume is.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The volume.' }),
    sizeBytes: t.expose('sizeBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'What its files take; null where its driver does not tell.',
    }),
  }),
});

export const VolumeSizesType = builder.objectRef<VolumeSizes>('VolumeSizes').implement({
  access: 'inherited',
  description: 'How large the volumes of a server are.',
  fields: (t) => ({
    items: t.field({
      type: [VolumeSize],
      description: 'One entry for each volume.',
      resolve: ({ items }) => items,
    }),
    measuredAt: t.field({
      type: 'DateTime',
      description: 'When they were measured: at most a minute ago, or ten times as long as it took.',
      resolve: ({ measuredAt }) => new Date(measuredAt),
    }),
  }),
});

const UnusedVolume = builder.objectRef<UnusedVolumes['items'][number]>('UnusedVolume').implement({
  access: 'inherited',
  description: 'A volume that no container uses.',
  fields: (t) => ({
    anonymous: t.exposeBoolean('anonymous', { description: 'Made without a name, for one container.' }),
    driver: t.exposeString('driver', { description: 'local, or a plugin.' }),
    name: t.exposeString('name', { description: 'Its name.' }),
    sizeBytes: t.expose('sizeBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'What its files take; null where its driver does not tell.',
    }),
  }),
});

export const UnusedVolumesType = builder.objectRef<UnusedVolumes>('UnusedVolumes').implement({
  access: 'inherited',
  description: 'What a prune would remove.',
  fields: (t) => ({
    items: t.field({
      type: [UnusedVolume],
      description: 'By name; sizes are measured now.',
      resolve: ({ items }) => items,
    }),
    shownAt: t.field({
      type: 'DateTime',
      description: 'Give it to pruneVolumes with the names: what was made since stays.',
      resolve: ({ at }) => new Date(at),
    }),
  }),
});

const KeptVolume = builder.objectRef<PrunedVolumes['kept'][number]>('KeptVolume').implement({
  access: 'inherited',
  description: 'A volume that was to be pruned and stays.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    reason: t.exposeString('reason', { description: 'Why, as a sentence in English.' }),
  }),
});

export const PruneVolumesPayload = builder.objectRef<PrunedVolumes>('PruneVolumesPayload').implement({
  access: 'inherited',
  fields: (t) => ({
    kept: t.field({
      type: [KeptVolume],
      description: 'Those that are in use by now, or could not be removed.',
      resolve: ({ kept }) => kept,
    }),
    removed: t.field({
      type: [VolumeSize],
      description: 'Those that are gone, with what they took.',
      resolve: ({ removed }) => removed,
    }),
  }),
});

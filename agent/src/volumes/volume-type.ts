import { builder } from '../builder.ts';
import { LabelType } from '../docker/container-type.ts';
import type { Sizes } from './sizes.ts';
import type { KeptVolume, PrunedVolumes, UnusedVolume, Volume, VolumeSize, VolumeUser } from './volume.ts';

const User = builder.objectRef<VolumeUser>('VolumeUser').implement({
  description: 'A container that has the volume mounted, running or not.',
  fields: (t) => ({
    containerId: t.exposeID('containerId'),
    containerName: t.exposeString('containerName'),
    running: t.exposeBoolean('running'),
    destination: t.exposeString('destination', { description: 'Where it is inside the container.' }),
    readOnly: t.exposeBoolean('readOnly'),
  }),
});

export const VolumeType = builder.objectRef<Volume>('Volume').implement({
  description: 'A volume. Times are ms since 1970.',
  fields: (t) => ({
    name: t.exposeString('name'),
    driver: t.exposeString('driver'),
    scope: t.exposeString('scope', { description: 'local, or global for one of a cluster.' }),
    mountpoint: t.exposeString('mountpoint', {
      description: 'On the host; empty where the driver does not tell.',
    }),
    createdAt: t.expose('createdAt', {
      type: 'SafeInt',
      nullable: true,
      description: 'Null where the driver does not tell.',
    }),
    anonymous: t.exposeBoolean('anonymous', { description: 'Made without a name, for one container.' }),
    labels: t.expose('labels', { type: [LabelType] }),
    options: t.expose('options', { type: [LabelType], description: 'Of its driver.' }),
    users: t.expose('users', { type: [User] }),
  }),
});

export interface VolumePage {
  readonly items: readonly Volume[];
  readonly next: string | null;
}

export const VolumePageType = builder.objectRef<VolumePage>('VolumePage').implement({
  fields: (t) => ({
    items: t.expose('items', { type: [VolumeType] }),
    next: t.exposeString('next', {
      nullable: true,
      description: 'What to pass as after; null on the last page.',
    }),
  }),
});

const Size = builder.objectRef<VolumeSize>('VolumeSize').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    sizeBytes: t.expose('sizeBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Null where the driver does not tell.',
    }),
  }),
});

export const VolumeSizesType = builder.objectRef<Sizes>('VolumeSizes').implement({
  fields: (t) => ({
    items: t.expose('items', { type: [Size] }),
    measuredAt: t.expose('measuredAt', { type: 'SafeInt' }),
  }),
});

const Unused = builder.objectRef<UnusedVolume>('UnusedVolume').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    driver: t.exposeString('driver'),
    anonymous: t.exposeBoolean('anonymous'),
    sizeBytes: t.expose('sizeBytes', { type: 'SafeInt', nullable: true }),
  }),
});

export interface UnusedVolumes {
  readonly items: readonly UnusedVolume[];
  readonly at: number;
}

export const UnusedVolumesType = builder.objectRef<UnusedVolumes>('UnusedVolumes').implement({
  fields: (t) => ({
    items: t.expose('items', { type: [Unused] }),
    at: t.expose('at', { type: 'SafeInt', description: 'When they were read, for pruneVolumes.' }),
  }),
});

const Kept = builder.objectRef<KeptVolume>('KeptVolume').implement({
  fields: (t) => ({ name: t.exposeString('name'), reason: t.exposeString('reason') }),
});

export const PrunedVolumesType = builder.objectRef<PrunedVolumes>('PrunedVolumes').implement({
  fields: (t) => ({
    removed: t.expose('removed', { type: [Size] }),
    kept: t.expose('kept', { type: [Kept] }),
  }),
});

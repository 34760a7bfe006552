import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { ServerKitError } from '../errors.ts';
import { heldOf } from '../graphql/held.ts';
import { LabelInput, labelsText } from '../label-input.ts';
import { volumeName } from './names.ts';
import type { SeenVolume } from './service.ts';
import { PruneVolumesPayload, VolumeType } from './types.ts';

const VolumePayload = builder.objectRef<{ readonly volume: SeenVolume }>('VolumePayload').implement({
  access: 'inherited',
  description: 'A volume after a command.',
  fields: (t) => ({
    volume: t.field({ type: VolumeType, description: 'As it is now.', resolve: ({ volume }) => volume }),
  }),
});

const RemoveVolumePayload = builder
  .objectRef<{ readonly removedVolumeName: string }>('RemoveVolumePayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      removedVolumeName: t.exposeString('removedVolumeName', { description: 'The volume that is gone.' }),
    }),
  });

const CreateVolumeInput = builder.inputType('CreateVolumeInput', {
  fields: (t) => ({
    driver: t.string({
      required: true,
      defaultValue: 'local',
      description: 'local, or a plugin, which takes docker:containers:privileged.',
      validate: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_./:-]{0,254}$/, 'must be the name of a driver'),
    }),
    labels: t.field({ type: [LabelInput], description: 'At most 100.', validate: labelsText }),
    name: t.string({
      required: true,
      description: "2 to 255 letters, digits, dots, dashes or underscores, unlike every other volume's.",
      validate: volumeName,
    }),
    options: t.field({
      type: [LabelInput],
      description:
        'Options of the driver. Those that mount anything but memory (tmpfs) take docker:containers:privileged: a volume can be any folder of the host.',
      validate: labelsText,
    }),
    serverId: t.id({ required: true }),
  }),
});

const RemoveVolumeInput = builder.inputType('RemoveVolumeInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: 'The volume.', validate: volumeName }),
    serverId: t.id({ required: true }),
  }),
});

const PruneVolumesInput = builder.inputType('PruneVolumesInput', {
  fields: (t) => ({
    names: t.stringList({
      required: true,
      description: '1 to 1,000 volumes, as Server.unusedVolumes named them.',
      validate: z.array(z.string().min(1).max(255)).min(1, 'must name at least one').max(1_000),
    }),
    serverId: t.id({ required: true }),
    shownAt: t.field({ type: 'DateTime', required: true, description: '`shownAt` of Server.unusedVolumes.' }),
  }),
});

builder.mutationFields((t) => ({
  createVolume: t.field({
    type: VolumePayload,
    access: 'docker:volumes:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Makes a Docker volume. Scope: docker:volumes:write; docker:containers:privileged as well for plugins and for options that mount something.',
    args: { input: t.arg({ type: CreateVolumeInput, required: true }) },
    resolve: async (_root, { input: { serverId, name, driver, options, labels } }, context) => ({
      volume: await context.services.volumes.create(
        serverId,
        { name, driver, options: options ?? [], labels: labels ?? [] },
        {
          actor: actorOf(context),
          signal: context.signal,
          heldScopes: heldOf(context, serverId, ['docker:containers:privileged']),
        },
      ),
    }),
  }),
  removeVolume: t.field({
    type: RemoveVolumePayload,
    access: 'docker:volumes:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Deletes a Docker volume with all its files; CONFLICT while a container uses it. Scope: docker:volumes:write.',
    args: { input: t.arg({ type: RemoveVolumeInput, required: true }) },
    resolve: async (_root, { input: { serverId, name } }, context) => {
      await context.services.volumes.remove(serverId, name, {
        actor: actorOf(context),
        signal: context.signal,
      });
      return { removedVolumeName: name };
    },
  }),
  pruneVolumes: t.field({
    type: PruneVolumesPayload,
    access: 'docker:volumes:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Deletes those of the named volumes that no container uses, and nothing else. Scope: docker:volumes:write.',
    args: { input: t.arg({ type: PruneVolumesInput, required: true }) },
    resolve: async (_root, { input: { serverId, names, shownAt } }, context) => {
      const pruned = await context.services.volumes.prune(serverId, names, shownAt, {
        actor: actorOf(context),
        signal: context.signal,
      });
      if (pruned) return pruned;
      throw new ServerKitError('OUTCOME_UNKNOWN', 'It was done, and what it removed was lost with the link.');
    },
  }),
}));

import * as z from 'zod';
import { actorOf } from '../../audit/actor.ts';
import { builder } from '../../builder.ts';
import { requirePerson } from '../../context.ts';
import { TransferPayload } from '../../docker-files/transfer-type.ts';
import { each } from '../../graphql/access.ts';
import { ServerType } from '../../servers/server-type.ts';
import { recordingDownloadPath } from '../room.ts';
import { keptDays, keptMegabytes, type RecordingSettings } from './rules.ts';
import { visibleTo } from './shelf.ts';
import { TerminalRecordingType } from './types.ts';

const takes =
  'Scope: audit:read, and on its server what the terminal took: docker:containers:exec or system:terminal, and docker:containers:privileged for a container that reaches beyond itself.';

builder.prismaObjectFields(ServerType, (t) => ({
  recordTerminals: t.exposeBoolean('recordTerminals', {
    description: 'Every terminal on it has to be recorded, whatever holds for the others.',
  }),
  terminalRecordingRequired: t.boolean({
    description: 'Every terminal on it is recorded, asked for or not.',
    resolve: ({ id }, _args, { services }) => services.terminals.recordings.rules.requires(id),
  }),
}));

builder.queryFields((t) => ({
  terminalRecording: t.prismaField({
    type: TerminalRecordingType,
    nullable: true,
    access: 'audit:read',
    on: each,
    description: `One recording of a terminal; null when there is none with this id. ${takes}`,
    args: { id: t.arg.id({ required: true, description: 'Its id, rec_….' }) },
    resolve: (query, _root, { id }, { db, principal: { rights } }) =>
      db.prisma.terminalRecording.findFirst({ ...query, where: { id, AND: [visibleTo(rights)] } }),
  }),
  terminalRecordings: t.prismaConnection(
    {
      type: TerminalRecordingType,
      cursor: 'id',
      access: 'audit:read',
      on: each,
      description: `Recordings of terminals, the newest first; those that are seen. ${takes}`,
      args: { serverId: t.arg.id({ description: 'Only of this server.' }) },
      totalCount: (_connection, { serverId }, { db, principal: { rights } }) =>
        db.prisma.terminalRecording.count({
          where: { AND: [visibleTo(rights), serverId ? { serverId } : {}] },
        }),
      resolve: (query, _root, { serverId }, { db, principal: { rights } }) =>
        db.prisma.terminalRecording.findMany({
          ...query,
          where: { AND: [visibleTo(rights), serverId ? { serverId } : {}] },
          orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
        }),
    },
    { name: 'TerminalRecordingConnection' },
    { name: 'TerminalRecordingEdge' },
  ),
}));

const Settings = builder.objectRef<RecordingSettings>('TerminalRecordingSettings').implement({
  access: 'inherited',
  description: 'What holds for recordings of terminals.',
  fields: (t) => ({
    days: t.exposeInt('days', { description: 'How long they are kept after their end.' }),
    everywhere: t.exposeBoolean('everywhere', {
      description: 'Every terminal on every server is recorded, asked for or not.',
    }),
    megabytes: t.exposeInt('megabytes', {
      description:
        'How much all of them may take of the disk, in megabytes of 2^20 bytes. Beyond it those are deleted that ended first; that they were is on record.',
    }),
    usedBytes: t.field({
      type: 'SafeInt',
      description: 'How much all of them take of the disk now, those that are being made included.',
      resolve: (_settings, _args, { services }) => services.terminals.recordings.budget.measure(),
    }),
  }),
});

builder.queryField('terminalRecordingSettings', (t) =>
  t.field({
    type: Settings,
    access: 'settings:write',
    description: 'What holds for recordings of terminals. Scope: settings:write.',
    resolve: (_root, _args, { services }) => services.terminals.recordings.rules.settings(),
  }),
);

const RecordingIdInput = (name: string) =>
  builder.inputType(name, {
    fields: (t) => ({ recordingId: t.id({ required: true, description: 'The recording, by its id.' }) }),
  });
const DownloadInput = RecordingIdInput('StartTerminalRecordingDownloadInput');
const DeleteInput = RecordingIdInput('DeleteTerminalRecordingInput');

const SetInput = builder.inputType('SetTerminalRecordingInput', {
  description: 'What is to hold for recordings of terminals.',
  fields: (t) => ({
    days: t.int({
      required: true,
      description: `How long they are kept after their end: ${keptDays.min} to ${keptDays.max}.`,
      validate: z.int().min(keptDays.min).max(keptDays.max),
    }),
    everywhere: t.boolean({
      required: true,
      description: 'Whether every terminal on every server has to be recorded.',
    }),
    megabytes: t.int({
      description: `How much all of them may take of the disk: ${keptMegabytes.min} to ${keptMegabytes.max} megabytes of 2^20 bytes. Where it is less than they take, those that ended first are deleted at once. Without it, it stays as it is.`,
      validate: z.int().min(keptMegabytes.min).max(keptMegabytes.max),
    }),
  }),
});

const RequireInput = builder.inputType('RequireTerminalRecordingInput', {
  fields: (t) => ({
    required: t.boolean({
      required: true,
      description: 'Whether every terminal on it has to be recorded.',
    }),
    serverId: t.id({ required: true }),
  }),
});

const DeletedPayload = builder
  .objectRef<{ readonly deletedRecordingId: string }>('DeleteTerminalRecordingPayload')
  .implement({
    access: 'inherited',
    description: 'The recording that is gone.',
    fields: (t) => ({
      deletedRecordingId: t.exposeID('deletedRecordingId', { description: 'What is gone.' }),
    }),
  });

const RequiredPayload = builder
  .objectRef<{ readonly required: boolean }>('RequireTerminalRecordingPayload')
  .implement({
    access: 'inherited',
    description: 'What holds for a server by itself.',
    fields: (t) => ({
      required: t.exposeBoolean('required', { description: 'Every terminal on it has to be recorded.' }),
    }),
  });

builder.mutationFields((t) => ({
  deleteTerminalRecording: t.field({
    type: DeletedPayload,
    access: 'settings:write',
    fresh: true,
    description: `Deletes a recording for good; that it was deleted stays on record. Scope: settings:write, and what it takes to see it.`,
    args: { input: t.arg({ type: DeleteInput, required: true }) },
    resolve: async (_root, { input: { recordingId } }, context) => {
      const { shelf } = context.services.terminals.recordings;
      await shelf.delete(recordingId, context.principal.rights, actorOf(context));
      return { deletedRecordingId: recordingId };
    },
  }),
  requireTerminalRecording: t.field({
    type: RequiredPayload,
    access: 'settings:write',
    fresh: true,
    description:
      'Whether every terminal on a server has to be recorded, those that are open included. One that cannot be recorded is not opened, or closed. Scope: settings:write.',
    args: { input: t.arg({ type: RequireInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { terminals } = context.services;
      await terminals.recordings.rules.setServer(input.serverId, input.required, actorOf(context));
      if (input.required) await terminals.enforceRecording();
      return { required: input.required };
    },
  }),
  setTerminalRecording: t.field({
    type: Settings,
    access: 'settings:write',
    fresh: true,
    description:
      'Sets whether every terminal on every server has to be recorded, those that are open included, and how long and how much of recordings is kept. One that cannot be recorded is not opened, or closed. Scope: settings:write.',
    args: { input: t.arg({ type: SetInput, required: true }) },
    resolve: async (_root, { input: { megabytes, ...input } }, context) => {
      const { terminals } = context.services;
      const { rules, budget } = terminals.recordings;
      const settings = { ...input, megabytes: megabytes ?? (await rules.settings()).megabytes };
      await rules.set(settings, actorOf(context));
      if (input.everywhere) await terminals.enforceRecording();
      budget.changed();
      await budget.fits();
      return settings;
    },
  }),
  startTerminalRecordingDownload: t.field({
    type: TransferPayload,
    access: 'audit:read',
    on: each,
    description: `Allows the download of a recording as an asciicast file (version 2), which asciinema plays: GET its \`url\` within a minute. Of one that is being made it holds what was written so far. Asking is audited, and so is what was sent. ${takes}`,
    args: { input: t.arg({ type: DownloadInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      ...(await context.services.terminals.recordings.shelf.offer(
        input.recordingId,
        requirePerson(context),
        actorOf(context),
      )),
      path: recordingDownloadPath,
    }),
  }),
}));

import * as z from 'zod';
import { builder } from '../builder.ts';
import { actorOf } from '../audit/actor.ts';
import { requirePerson } from '../context.ts';
import { ServerType } from '../servers/server-type.ts';
import { askerFor, filePath } from './asking.ts';
import './changes-schema.ts';
import { downloadPath } from './route.ts';
import { TransferPayload } from './transfer-type.ts';
import { uploadPath } from './upload-route.ts';
import { FilePageType, FilePlaceInput } from './types.ts';

builder.prismaObjectFields(ServerType, (t) => ({
  files: t.field({
    type: FilePageType,
    nullable: true,
    access: 'files:read',
    on: ({ id }) => id,
    description:
      'What is in a folder of a container or volume on it; asks the agent. Docker shows a folder only with all that is below it, so one with much in it takes a while. A container that reaches beyond itself, or a volume that mounts something, takes docker:containers:privileged as well.',
    args: {
      after: t.arg.string({ description: '`next` of the page before.', validate: z.string().max(2_000) }),
      first: t.arg.int({
        required: true,
        defaultValue: 500,
        description: '1,000 at most.',
        validate: z.number().int().min(1).max(1_000),
      }),
      path: t.arg.string({ required: true, description: 'The folder, from "/".', validate: filePath }),
      place: t.arg({ type: FilePlaceInput, required: true, description: 'Whose files.' }),
    },
    resolve: ({ id: serverId }, { place, path, first, after }, context) =>
      context.services.dockerFiles.list(
        { serverId, place, path },
        { first, after: after ?? null },
        askerFor(context, serverId),
      ),
  }),
}));

const StartFileDownloadInput = builder.inputType('StartFileDownloadInput', {
  fields: (t) => ({
    archive: t.boolean({
      required: true,
      defaultValue: false,
      description: 'A tar archive of all that is there, as a folder needs, rather than one file as it is.',
    }),
    path: t.string({ required: true, description: 'What to download, from "/".', validate: filePath }),
    place: t.field({ type: FilePlaceInput, required: true, description: 'Whose files.' }),
    serverId: t.id({ required: true }),
  }),
});

const StartFileUploadInput = builder.inputType('StartFileUploadInput', {
  fields: (t) => ({
    path: t.string({
      required: true,
      description: 'The file to be, from "/". Its folder must be there.',
      validate: filePath,
    }),
    place: t.field({ type: FilePlaceInput, required: true, description: 'Where it is put.' }),
    replace: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether a file of this name may be replaced.',
    }),
    serverId: t.id({ required: true }),
    sizeBytes: t.field({
      type: 'SafeInt',
      required: true,
      description:
        "How many bytes will come. At most what the server's agent is configured to take, 4 GB by itself.",
      validate: z.number().int().min(0),
    }),
  }),
});

builder.mutationFields((t) => ({
  startFileDownload: t.field({
    type: TransferPayload,
    access: 'files:read',
    on: (_root, { input }) => input.serverId,
    description:
      'Allows the download of a file, or of all that is in a folder as a tar archive: GET its `url` within a minute. Asking is audited, and so is what was sent. Scope: files:read.',
    args: { input: t.arg({ type: StartFileDownloadInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      ...(await context.services.dockerFiles.offerDownload({
        request: input,
        principal: requirePerson(context),
        actor: actorOf(context),
      })),
      path: downloadPath,
    }),
  }),
  startFileUpload: t.field({
    type: TransferPayload,
    access: 'files:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Allows a file to be put into a container or volume: PUT its bytes to `url` within a minute. It appears once all of it is there, or not at all; it takes over owner and rights of the file that it replaces, or else the owner of the folder. CONFLICT with `exists: true` where a file of this name is not to be replaced. Asking is audited, and so is how it ends. Scope: files:write; docker:containers:privileged as well for a container that reaches beyond itself, or a volume that mounts something.',
    args: { input: t.arg({ type: StartFileUploadInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      ...(await context.services.dockerFiles.offerUpload(
        { request: input, principal: requirePerson(context), actor: actorOf(context) },
        askerFor(context, input.serverId),
      )),
      path: uploadPath,
    }),
  }),
}));

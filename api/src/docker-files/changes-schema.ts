import * as z from 'zod';
import { builder } from '../builder.ts';
import { askerFor, filePath } from './asking.ts';
import { FilePlaceInput } from './types.ts';

const privilege =
  'Scope: files:write; docker:containers:privileged as well for a container that reaches beyond itself, or a volume that mounts something.';

const CreateFolderInput = builder.inputType('CreateFolderInput', {
  fields: (t) => ({
    path: t.string({
      required: true,
      description: 'The folder to be, from "/". The one that it is in must be there.',
      validate: filePath,
    }),
    place: t.field({ type: FilePlaceInput, required: true, description: 'Where it is made.' }),
    serverId: t.id({ required: true }),
  }),
});

const RemoveFileInput = builder.inputType('RemoveFileInput', {
  fields: (t) => ({
    path: t.string({ required: true, description: 'What to remove, from "/".', validate: filePath }),
    place: t.field({ type: FilePlaceInput, required: true, description: 'Whose files.' }),
    recursive: t.boolean({
      required: true,
      defaultValue: false,
      description: 'A folder as well, with all that is in it.',
    }),
    serverId: t.id({ required: true }),
  }),
});

const RenameFileInput = builder.inputType('RenameFileInput', {
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'The new name, without a folder.',
      validate: z
        .string()
        .min(1, 'must not be empty')
        .max(255, 'must have at most 255 characters')
        .regex(/^[^/]*$/, 'must not hold "/"'),
    }),
    path: t.string({ required: true, description: 'What to rename, from "/".', validate: filePath }),
    place: t.field({ type: FilePlaceInput, required: true, description: 'Whose files.' }),
    serverId: t.id({ required: true }),
  }),
});

const FileChangePayload = builder.objectRef<{ readonly path: string }>('FileChangePayload').implement({
  access: 'inherited',
  description: 'Something was done to a file or folder.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Where it is now, or was; links on the way followed.' }),
  }),
});

builder.mutationFields((t) => ({
  createFolder: t.field({
    type: FileChangePayload,
    access: 'files:write',
    on: (_root, { input }) => input.serverId,
    description: `Makes a folder in a container or volume, which gets the owner of the folder that it is in. CONFLICT where something has its name. Audited. ${privilege}`,
    args: { input: t.arg({ type: CreateFolderInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      path: await context.services.dockerFiles.createFolder(input, askerFor(context, input.serverId)),
    }),
  }),
  removeFile: t.field({
    type: FileChangePayload,
    access: 'files:write',
    on: (_root, { input }) => input.serverId,
    description: `Removes a file of a container or volume, a link and not what it leads to, or a folder with all that is in it. CONFLICT for a folder without \`recursive\`, and where something is mounted in it, /proc, /sys and /dev included. Audited. ${privilege}`,
    args: { input: t.arg({ type: RemoveFileInput, required: true }) },
    resolve: async (_root, { input: { recursive, ...spot } }, context) => ({
      path: await context.services.dockerFiles.remove(spot, recursive, askerFor(context, spot.serverId)),
    }),
  }),
  renameFile: t.field({
    type: FileChangePayload,
    access: 'files:write',
    on: (_root, { input }) => input.serverId,
    description: `Gives a file or link of a container or volume another name in its folder. CONFLICT where that name is taken, though what takes it in that very moment is replaced; for a folder, which Docker has no way to rename; and for a program with setuid, setgid or capabilities, which would lose them. Audited. ${privilege}`,
    args: { input: t.arg({ type: RenameFileInput, required: true }) },
    resolve: async (_root, { input: { name, ...spot } }, context) => ({
      path: await context.services.dockerFiles.rename(spot, name, askerFor(context, spot.serverId)),
    }),
  }),
}));

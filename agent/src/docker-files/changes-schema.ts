import { builder } from '../builder.ts';
import { scoped } from '../scoped.ts';
import { Place, requestOf } from './schema.ts';

const Changed = builder.objectRef<{ readonly path: string }>('ChangedFile').implement({
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Where it is then, or was; links on the way followed.' }),
  }),
});

builder.mutationFields((t) => ({
  createFileFolder: t.field({
    ...scoped('files:write'),
    description: 'Makes a folder, which gets the owner of the folder that it is in.',
    type: Changed,
    args: {
      place: t.arg({ type: Place, required: true }),
      path: t.arg.string({ required: true, description: 'Absolute.' }),
    },
    resolve: (_root, asked, context) =>
      context.services.dockerFiles.change(requestOf(asked, context), { kind: 'FOLDER' }),
  }),
  removeFile: t.field({
    ...scoped('files:write'),
    description: 'Removes a file, a link itself, or a folder with all that is in it.',
    type: Changed,
    args: {
      place: t.arg({ type: Place, required: true }),
      path: t.arg.string({ required: true, description: 'Absolute.' }),
      recursive: t.arg.boolean({ required: true, description: 'Whether a folder is meant.' }),
    },
    resolve: (_root, { recursive, ...asked }, context) =>
      context.services.dockerFiles.change(requestOf(asked, context), { kind: 'REMOVE', recursive }),
  }),
  renameFile: t.field({
    ...scoped('files:write'),
    description:
      'Gives a file or link another name in its folder. A name that is taken is refused; what takes it in that very moment is replaced.',
    type: Changed,
    args: {
      place: t.arg({ type: Place, required: true }),
      path: t.arg.string({ required: true, description: 'Absolute.' }),
      name: t.arg.string({ required: true, description: 'The new one, without a folder.' }),
    },
    resolve: (_root, { name, ...asked }, context) =>
      context.services.dockerFiles.change(requestOf(asked, context), { kind: 'RENAME', name }),
  }),
}));

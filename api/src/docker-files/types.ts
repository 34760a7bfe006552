import { builder } from '../builder.ts';
import type { FileEntry, FilePage } from './service.ts';

const FileKind = builder.enumType('FileKind', {
  description: 'What something in a folder is.',
  values: {
    DIRECTORY: { description: 'A folder.' },
    FILE: { description: 'A file.' },
    OTHER: { description: 'A device, pipe or socket, which holds nothing to download.' },
    SYMLINK: { description: 'A link to something else, by its path.' },
  } as const,
});

const FileType = builder.objectRef<FileEntry>('File').implement({
  access: 'inherited',
  description: 'Something in a folder of a container or volume.',
  fields: (t) => ({
    gid: t.field({ type: 'SafeInt', description: 'The number of its group.', resolve: ({ gid }) => gid }),
    kind: t.field({ type: FileKind, description: 'What it is.', resolve: ({ kind }) => kind }),
    linkTarget: t.exposeString('linkTarget', {
      nullable: true,
      description: 'Where a link points, as it is written.',
    }),
    mode: t.exposeInt('mode', {
      description: 'Its permission bits, with setuid, setgid and sticky: 0 to 4095.',
    }),
    modifiedAt: t.field({
      type: 'DateTime',
      description: 'When its content was changed last, to the second.',
      resolve: ({ modifiedAt }) => new Date(modifiedAt),
    }),
    name: t.exposeString('name', {
      description:
        'Its name in the folder, which may hold any character but "/". Bytes that are no text show as U+FFFD, and cannot be asked for by name.',
    }),
    sizeBytes: t.field({
      type: 'SafeInt',
      nullable: true,
      description:
        'The length of a file, its holes included. Null for all else, and for a file whose other name in the folder has it.',
      resolve: ({ sizeBytes }) => sizeBytes,
    }),
    uid: t.field({ type: 'SafeInt', description: 'The number of its user.', resolve: ({ uid }) => uid }),
  }),
});

export const FilePageType = builder.objectRef<FilePage>('FilePage').implement({
  access: 'inherited',
  description: 'A part of what is in a folder.',
  fields: (t) => ({
    complete: t.exposeBoolean('complete', {
      description:
        'False when looking took too long: Docker shows a folder only with all that is below it, and there is more in this one than is told.',
    }),
    items: t.field({
      type: [FileType],
      description: 'By name, byte by byte.',
      resolve: ({ items }) => items,
    }),
    next: t.exposeString('next', {
      nullable: true,
      description: 'Pass it as `after`; null on the last page.',
    }),
    path: t.exposeString('path', { description: 'Of the folder, after links.' }),
  }),
});

const FilePlaceKind = builder.enumType('FilePlaceKind', {
  description: 'What has the files.',
  values: {
    CONTAINER: { description: 'A container, running or not.' },
    VOLUME: { description: 'A volume, whether a container uses it or not.' },
  } as const,
});

export const FilePlaceInput = builder.inputType('FilePlaceInput', {
  description: 'Whose files are meant.',
  fields: (t) => ({
    id: t.string({ required: true, description: 'The id or name of a container, or the name of a volume.' }),
    kind: t.field({ type: FilePlaceKind, required: true, description: 'What the id is of.' }),
  }),
});

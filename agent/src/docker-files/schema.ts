import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import { AgentError } from '../errors.ts';
import { scoped } from '../scoped.ts';
import type { DownloadedFile, FilePiece } from './download.ts';
import { fileKinds, type FileEntry } from './entry.ts';
import type { FilePage } from './listing.ts';
import { placeKinds, type FilePlace } from './place.ts';
import type { FileRequest } from './service.ts';

const MAX_PAGE = 1000;

const Kind = builder.enumType('FileKind', { values: fileKinds });
const PlaceKind = builder.enumType('FilePlaceKind', { values: placeKinds });

const Place = builder.inputType('FilePlaceInput', {
  fields: (t) => ({
    kind: t.field({ type: PlaceKind, required: true }),
    id: t.string({
      required: true,
      description: 'The full id of a container, 12 digits or more of it, or its name; the name of a volume.',
    }),
  }),
});

const Entry = builder.objectRef<FileEntry>('FileEntry').implement({
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Bytes that are not UTF-8 become U+FFFD.' }),
    kind: t.expose('kind', { type: Kind }),
    sizeBytes: t.expose('sizeBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Of a file. Null for one with several names where another of them stands before it.',
    }),
    mode: t.exposeInt('mode', { description: 'Permission bits, setuid, setgid and sticky.' }),
    uid: t.expose('uid', { type: 'SafeInt' }),
    gid: t.expose('gid', { type: 'SafeInt' }),
    modifiedAt: t.expose('modifiedAt', { type: 'SafeInt' }),
    linkTarget: t.exposeString('linkTarget', {
      nullable: true,
      description: 'Of a symbolic link, as it is written.',
    }),
  }),
});

const Page = builder.objectRef<FilePage>('FilePage').implement({
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Of the folder, links followed.' }),
    items: t.field({ type: [Entry], resolve: ({ items }) => [...items] }),
    next: t.exposeString('next', { nullable: true }),
    complete: t.exposeBoolean('complete', {
      description: 'False when looking was given up, as what is in the folders takes too long to pass over.',
    }),
  }),
});

/** @throws AgentError POLICY_DENIED where Docker is switched off */
function requestOf(
  { place, path }: { readonly place: FilePlace; readonly path: string },
  { services, scopes, signal }: OperationContext,
): FileRequest {
  const { policy } = services;
  policy.requireFeature('docker');
  return { place, path, authority: { scopes, deniesPath: (one) => policy.deniesPath(one) }, signal };
}

builder.queryField('files', (t) =>
  t.field({
    ...scoped('files:read'),
    description: 'What is in a folder of a container or volume, by the bytes of the names.',
    type: Page,
    args: {
      place: t.arg({ type: Place, required: true }),
      path: t.arg.string({ required: true, description: 'Absolute.' }),
      first: t.arg.int({ required: true, defaultValue: 500, description: `At most ${MAX_PAGE}.` }),
      after: t.arg.string(),
    },
    resolve(_root, { first, after, ...asked }, context) {
      if (first < 1 || first > MAX_PAGE) {
        throw new AgentError('INPUT_INVALID', `first must be between 1 and ${MAX_PAGE}.`);
      }
      return context.services.dockerFiles.list(requestOf(asked, context), { first, after: after ?? null });
    },
  }),
);

const Downloaded = builder.objectRef<DownloadedFile>('DownloadedFile').implement({
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Empty for the root.' }),
    sizeBytes: t.expose('sizeBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Null for an archive, whose size only its end tells.',
    }),
  }),
});

const Piece = builder.objectRef<FilePiece>('FilePiece').implement({
  fields: (t) => ({
    file: t.expose('file', {
      type: Downloaded,
      nullable: true,
      description: 'Of the first piece, which has no data.',
    }),
    data: t.exposeString('data', { description: 'Base64. Its length is spent from the credit.' }),
  }),
});

builder.subscriptionField('fileContents', (t) =>
  t.field({
    ...scoped('files:read'),
    description: 'A file, or all that is at a path as a tar archive, sent as credit allows.',
    type: Piece,
    args: {
      place: t.arg({ type: Place, required: true }),
      path: t.arg.string({ required: true, description: 'Absolute.' }),
      archive: t.arg.boolean({ required: true }),
      windowBytes: t.arg.int({ required: true, description: 'Credit to begin with.' }),
    },
    subscribe: (_root, { archive, ...asked }, context) =>
      context.services.dockerFiles.download(requestOf(asked, context), archive, context.credits),
    resolve: (piece) => piece,
  }),
);

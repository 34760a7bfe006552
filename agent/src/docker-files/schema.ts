import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import { AgentError } from '../errors.ts';
import { passing, scoped } from '../scoped.ts';
import type { DownloadedFile, FilePiece } from './download.ts';
import { fileKinds, type FileEntry } from './entry.ts';
import type { FilePage } from './listing.ts';
import { placeKinds, type FilePlace } from './place.ts';
import type { FileRequest } from './service.ts';
import type { UploadedFile } from './uploads.ts';

const MAX_PAGE = 1000;

const Kind = builder.enumType('FileKind', { values: fileKinds });
const PlaceKind = builder.enumType('FilePlaceKind', { values: placeKinds });

export const Place = builder.inputType('FilePlaceInput', {
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
export function requestOf(
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

/** A piece is this long at most. Characters of base64. */
const MAX_PIECE = 1024 * 1024;
const sha256Hex = /^[0-9a-f]{64}$/;

const OpenedUpload = builder
  .objectRef<{ readonly id: string; readonly ready: boolean }>('OpenedFileUpload')
  .implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      ready: t.exposeBoolean('ready', {
        description: 'False when the file is there and was not to be replaced: then nothing was begun.',
      }),
    }),
  });

const UploadDone = builder.objectRef<{ readonly id: string }>('FileUploadDone').implement({
  fields: (t) => ({ id: t.exposeID('id') }),
});

const Uploaded = builder.objectRef<UploadedFile>('UploadedFile').implement({
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Links followed.' }),
    sizeBytes: t.expose('sizeBytes', { type: 'SafeInt' }),
  }),
});

builder.mutationFields((t) => ({
  openFileUpload: t.field({
    ...scoped('files:write'),
    description:
      'Looks whether a file could be put there, and begins to wait for its pieces. One of which nothing comes for a minute is given up.',
    type: OpenedUpload,
    args: {
      id: t.arg.id({
        required: true,
        description: 'What it is to be called: new, 8 to 64 letters or digits.',
      }),
      place: t.arg({ type: Place, required: true }),
      path: t.arg.string({ required: true, description: 'Absolute, with the name of the file.' }),
      sizeBytes: t.arg({ type: 'SafeInt', required: true }),
      replace: t.arg.boolean({
        required: true,
        description: 'Whether a file that is there may be replaced.',
      }),
    },
    async resolve(_root, { id, sizeBytes, replace, ...asked }, context) {
      const request = requestOf(asked, context);
      const uploads = await context.services.dockerFiles.uploads();
      const order = { id, sizeBytes, replace, actor: context.actor };
      return { id, ready: await uploads.open(request, order) };
    },
  }),
  writeFileUpload: t.field({
    ...passing('files:write'),
    description: `What comes next of a file. At most ${MAX_PIECE} characters.`,
    type: UploadDone,
    args: {
      id: t.arg.id({ required: true }),
      offset: t.arg({ type: 'SafeInt', required: true, description: 'How many bytes came before.' }),
      data: t.arg.string({ required: true, description: 'Base64.' }),
    },
    async resolve(_root, { id, offset, data }, { services }) {
      services.policy.requireFeature('docker');
      if (data.length > MAX_PIECE) throw new AgentError('INPUT_INVALID', 'This piece is too long.');
      const uploads = await services.dockerFiles.uploads();
      await uploads.write(id, offset, Buffer.from(data, 'base64'));
      return { id };
    },
  }),
  finishFileUpload: t.field({
    ...scoped('files:write'),
    description:
      'Puts a file that came whole in its place, where it appears at once or not at all. Whatever comes of it, the upload is over.',
    type: Uploaded,
    args: {
      id: t.arg.id({ required: true }),
      sha256: t.arg.string({ required: true, description: 'Of all of it, in hex.' }),
    },
    async resolve(_root, { id, sha256 }, { services, scopes, signal }) {
      const { policy } = services;
      policy.requireFeature('docker');
      if (!sha256Hex.test(sha256)) throw new AgentError('INPUT_INVALID', 'sha256 must be 64 hex digits.');
      const uploads = await services.dockerFiles.uploads();
      return uploads.finish(id, sha256, {
        authority: { scopes, deniesPath: (one) => policy.deniesPath(one) },
        signal,
      });
    },
  }),
  abortFileUpload: t.field({
    ...scoped('files:write'),
    description: 'Gives up an upload; one that is over is left alone.',
    type: UploadDone,
    args: { id: t.arg.id({ required: true }) },
    async resolve(_root, { id }, { services }) {
      services.policy.requireFeature('docker');
      await (await services.dockerFiles.uploads()).abort(id);
      return { id };
    },
  }),
}));

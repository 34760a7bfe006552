import { rm } from 'node:fs/promises';
import type { DockerService } from '../docker/service.ts';
import { describe } from '../errors.ts';
import type { Log } from '../log.ts';
import { download } from './download.ts';
import type { Incoming } from './incoming.ts';
import { listed } from './listing.ts';
import { exposesOwn, type OwnPaths } from './own-paths.ts';
import { checkedPath } from './place.ts';
import { createHelpers } from './helpers.ts';
import { createPlaces, type Opened } from './places.ts';
import type { BuildContexts, DockerFiles, FileRequest } from './service.ts';
import { createSlots } from './slots.ts';
import type { Uploads } from './uploads.ts';

/** A folder with much in it is looked at for so long; then what was seen is told. Ms. */
const LOOK_WITHIN = 12_000;
/** At once, as the engine reads all that is below a folder to tell what is in it. */
const MAX_LISTS = 4;
const MAX_DOWNLOADS = 16;
/** At once: each is some calls of the engine, and one that removes a folder with much in it takes long. */
const MAX_CHANGES = 4;

export interface DockerFilesOptions {
  readonly docker: Pick<DockerService, 'engine' | 'facts' | 'find'>;
  /** Names this agent among others on the engine. */
  readonly owner: string;
  readonly own: OwnPaths;
  readonly uploads: {
    /** Where files on their way lie; emptied at start. */
    readonly folder: string;
    /** Of one file. */
    readonly maxBytes: number;
  };
  readonly log: Log;
  /** @default 12_000 */
  readonly lookWithinMs?: number;
}

export function createDockerFiles({
  docker,
  owner,
  own,
  uploads,
  log,
  lookWithinMs = LOOK_WITHIN,
}: DockerFilesOptions): DockerFiles {
  const helpers = createHelpers({ docker, owner, log });
  const places = createPlaces({ docker, helpers, exposesOwn: exposesOwn(own) });
  const lists = createSlots(MAX_LISTS, 'folders');
  const downloads = createSlots(MAX_DOWNLOADS, 'downloads');
  const changes = createSlots(MAX_CHANGES, 'changes of files');
  let coming: Promise<Incoming> | undefined;
  let uploading: Promise<Uploads> | undefined;
  let contexts: Promise<BuildContexts> | undefined;

  const emptied = rm(uploads.folder, { recursive: true, force: true }).catch((error: unknown) =>
    log.warn('files that were on their way stay on the disk', { reason: describe(error) }),
  );

  const open = ({ place, authority }: FileRequest, signal: AbortSignal): Promise<Opened> =>
    places.open({ place, authority, signal });

  async function openIncoming(): Promise<Incoming> {
    const { createIncoming } = await import('./incoming.ts');
    await emptied;
    return createIncoming({ ...uploads, log });
  }

  const incoming = (): Promise<Incoming> => (coming ??= openIncoming());

  async function openUploads(): Promise<Uploads> {
    const { createUploads } = await import('./uploads.ts');
    return createUploads({ places, incoming: await incoming(), log });
  }

  return {
    async list(request, page) {
      const { path, signal } = request;
      const checked = checkedPath(path);
      using _turn = await lists.wait(signal);
      await using place = await open(request, signal);
      return await listed(place, checked, { ...page, withinMs: lookWithinMs }, signal);
    },
    download(request, archive, credits) {
      const path = checkedPath(request.path);
      async function begin(signal: AbortSignal): Promise<Opened> {
        const turn = downloads.take();
        try {
          const place = await open(request, signal);
          return {
            ...place,
            async [Symbol.asyncDispose]() {
              turn[Symbol.dispose]();
              await place[Symbol.asyncDispose]();
            },
          };
        } catch (error) {
          turn[Symbol.dispose]();
          throw error;
        }
      }
      return download(begin, { path, archive }, credits, request.signal);
    },
    async change(request, change) {
      const { place, authority, signal } = request;
      const checked = checkedPath(request.path);
      using _turn = await changes.wait(signal);
      const { makeFolder, removeAt, rename } = await import('./changes.ts');
      await using opened = await places.open({ place, authority, signal, writes: true });
      switch (change.kind) {
        case 'FOLDER':
          return { path: await makeFolder(opened, checked, signal) };
        case 'REMOVE':
          return { path: await removeAt(opened, checked, change.recursive, signal) };
        case 'RENAME':
          return { path: await rename(opened, checked, change.name, signal) };
      }
    },
    uploads: () => (uploading ??= openUploads()),
    buildContexts: () => (contexts ??= incoming().then((all) => all.intake<null>(() => 'a build'))),
    async close() {
      if (uploading) (await uploading).close();
      if (coming) await (await coming).close();
      await helpers.close();
    },
  };
}

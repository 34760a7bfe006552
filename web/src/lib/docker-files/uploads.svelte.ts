import { toFailure, type Failure } from '../api/failure.ts';
import { session } from '../session.svelte.ts';
import { beginUpload, createFolder, type FilesOf } from './files.ts';
import type { FolderTree } from './folder-tree.ts';
import { sendFile } from './send-file.ts';
import { pathIn } from './words.ts';

/** `exists`: there is a file of this name, and whether to replace it has to be answered. */
export type UploadState = 'waiting' | 'sending' | 'exists' | 'done' | 'failed';

/** A file on its way into a folder. */
export class Upload {
  readonly of: FilesOf;
  readonly folder: string;
  readonly file: File;
  state = $state<UploadState>('waiting');
  /** Bytes. */
  sent = $state(0);
  failure = $state.raw<Failure | null>(null);
  replace = false;
  readonly stop = new AbortController();
  /** Below the folder that it came with; its name alone where it came by itself. */
  readonly name: string;

  constructor(of: FilesOf, folder: string, file: File, below = '') {
    this.of = of;
    this.folder = folder;
    this.file = file;
    this.name = below === '' ? file.name : `${below}/${file.name}`;
  }

  /** Whether somebody has to say what is to become of it. */
  get asks(): boolean {
    return this.state === 'exists' || this.state === 'failed';
  }
}

/** A folder on its way into another, with all that is in it. */
export class FolderUpload {
  readonly of: FilesOf;
  readonly name: string;
  readonly files: readonly Upload[];
  readonly sizeBytes: number;
  /** Its folders are being made; nothing is sent before that. */
  making = $state(true);
  failure = $state.raw<Failure | null>(null);
  cancelled = false;

  constructor(of: FilesOf, folder: string, { name, files }: FolderTree) {
    this.of = of;
    this.name = name;
    this.files = files.map(({ folder: below, file }) => new Upload(of, pathIn(folder, below), file, below));
    this.sizeBytes = files.reduce((sum, { file }) => sum + file.size, 0);
  }

  get done(): number {
    return this.files.filter(({ state }) => state === 'done').length;
  }

  /** Bytes. */
  get sent(): number {
    return this.files.reduce((sum, { sent }) => sum + sent, 0);
  }

  get over(): boolean {
    return !this.making && this.done === this.files.length;
  }
}

const atOnce = 2;

/** Uploads of this page, which go on while its reader looks at something else. */
class Uploads {
  list = $state.raw<readonly Upload[]>([]);
  folders = $state.raw<readonly FolderUpload[]>([]);
  /** Grows with each that came to its end, so that a folder is read again. */
  ended = $state(0);

  /** Those into a container or volume. */
  into({ serverId, place }: FilesOf): Upload[] {
    return this.list.filter(
      ({ of }) => of.serverId === serverId && of.place.kind === place.kind && of.place.id === place.id,
    );
  }

  add(of: FilesOf, folder: string, files: Iterable<File>): void {
    const added = Array.from(files, (file) => new Upload(of, folder, file));
    this.list = [...this.list, ...added];
    this.#next();
  }

  foldersInto({ serverId, place }: FilesOf): FolderUpload[] {
    return this.folders.filter(
      ({ of }) => of.serverId === serverId && of.place.kind === place.kind && of.place.id === place.id,
    );
  }

  /** A folder with all that is in it; one that is there already gets what it lacks. Never throws. */
  async addFolder(of: FilesOf, folder: string, tree: FolderTree): Promise<void> {
    const added = new FolderUpload(of, folder, tree);
    this.folders = [...this.folders, added];
    try {
      for (const below of tree.folders) {
        if (added.cancelled) return;
        await makeFolder(of, pathIn(folder, below));
      }
    } catch (error) {
      added.failure = toFailure(error);
      return;
    }
    if (added.cancelled) return;
    added.making = false;
    this.ended += 1;
    this.list = [...this.list, ...added.files];
    this.#next();
  }

  /** Cancels what of it is under way; what is there stays. */
  removeFolder(folder: FolderUpload): void {
    folder.cancelled = true;
    const gone = new Set(folder.files);
    for (const { stop } of gone) stop.abort();
    this.folders = this.folders.filter((one) => one !== folder);
    this.list = this.list.filter((one) => !gone.has(one));
    this.#next();
  }

  /** Once more, and in the place of a file that is there if that is wanted. */
  again(upload: Upload, replace = upload.replace): void {
    upload.replace = replace;
    upload.state = 'waiting';
    upload.sent = 0;
    upload.failure = null;
    this.#next();
  }

  /** One answer for all of a folder whose names are taken. */
  replaceAll({ files }: FolderUpload): void {
    for (const upload of files.filter(({ state }) => state === 'exists')) this.again(upload, true);
  }

  /** Cancels what is under way; the line goes. */
  remove(upload: Upload): void {
    upload.stop.abort();
    this.list = this.list.filter((one) => one !== upload);
    this.#next();
  }

  /** Whoever comes next sees nothing of them, and what is on its way is cancelled. */
  forget(): void {
    for (const folder of this.folders) folder.cancelled = true;
    for (const { stop } of this.list) stop.abort();
    this.list = [];
    this.folders = [];
  }

  #next(): void {
    const sending = this.list.filter(({ state }) => state === 'sending').length;
    const waiting = this.list.filter(({ state }) => state === 'waiting');
    for (const upload of waiting.slice(0, Math.max(0, atOnce - sending))) void this.#send(upload);
  }

  async #send(upload: Upload): Promise<void> {
    const { of, folder, file, replace, stop } = upload;
    upload.state = 'sending';
    try {
      const path = pathIn(folder, file.name);
      const url = await beginUpload(of, { path, sizeBytes: file.size, replace });
      await sendFile(url, file, { signal: stop.signal, onprogress: (sent) => (upload.sent = sent) });
      upload.state = 'done';
      upload.sent = file.size;
      // A folder is read again once, not for each of a thousand files.
      const whole = this.folders.find(({ files }) => files.includes(upload));
      if (!whole || whole.over) this.ended += 1;
    } catch (error) {
      const failure = toFailure(error);
      upload.failure = failure;
      upload.state = failure.code === 'CONFLICT' && failure.details['exists'] === true ? 'exists' : 'failed';
    }
    this.#next();
  }
}

/** One that is there is as good; where something else has its name, the files for it say so. */
async function makeFolder(of: FilesOf, path: string): Promise<void> {
  try {
    await createFolder(of, path);
  } catch (error) {
    if (toFailure(error).code !== 'CONFLICT') throw error;
  }
}

export const uploads = new Uploads();
session.onForget(() => uploads.forget());

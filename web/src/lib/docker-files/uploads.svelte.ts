import { toFailure, type Failure } from '../api/failure.ts';
import { session } from '../session.svelte.ts';
import { beginUpload, type FilesOf } from './files.ts';
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

  constructor(of: FilesOf, folder: string, file: File) {
    this.of = of;
    this.folder = folder;
    this.file = file;
  }
}

const atOnce = 2;

/** Uploads of this page, which go on while its reader looks at something else. */
class Uploads {
  list = $state.raw<readonly Upload[]>([]);
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

  /** Once more, and in the place of a file that is there if that is wanted. */
  again(upload: Upload, replace = upload.replace): void {
    upload.replace = replace;
    upload.state = 'waiting';
    upload.sent = 0;
    upload.failure = null;
    this.#next();
  }

  /** Cancels what is under way; the line goes. */
  remove(upload: Upload): void {
    upload.stop.abort();
    this.list = this.list.filter((one) => one !== upload);
    this.#next();
  }

  /** Whoever comes next sees nothing of them, and what is on its way is cancelled. */
  forget(): void {
    for (const { stop } of this.list) stop.abort();
    this.list = [];
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
      this.ended += 1;
    } catch (error) {
      const failure = toFailure(error);
      upload.failure = failure;
      upload.state = failure.code === 'CONFLICT' && failure.details['exists'] === true ? 'exists' : 'failed';
    }
    this.#next();
  }
}

export const uploads = new Uploads();
session.onForget(() => uploads.forget());

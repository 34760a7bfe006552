import { rm } from 'node:fs/promises';
import type { Authority } from '../docker/privilege/guard.ts';
import { AgentError, describe, throwIfAborted } from '../errors.ts';
import type { Log } from '../log.ts';
import { checkedPath, joined } from './place.ts';
import type { Places } from './places.ts';
import { clear, put, targetOf, type Target } from './put.ts';
import type { FileRequest } from './service.ts';
import { createSpool, type Spool } from './spool.ts';
import { quoted } from './stat.ts';

/** What is to come. */
export interface UploadOrder {
  /** Chosen by the one who asks: new, 8 to 64 letters or digits. */
  readonly id: string;
  readonly sizeBytes: number;
  /** Whether a file that is there may be replaced. */
  readonly replace: boolean;
}

export interface UploadedFile {
  /** Links followed. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** On whose behalf an upload is put in its place. */
export interface Finisher {
  readonly authority: Authority;
  readonly signal: AbortSignal;
}

/** Files on their way into containers and volumes. Every method throws AgentError. */
export interface Uploads {
  /**
   * Looks whether the file could be put there, and begins to wait for it.
   *
   * @returns false when it is there already and is not to be replaced; then nothing was begun
   */
  open(request: FileRequest, order: UploadOrder): Promise<boolean>;
  /** @param offset - how much came before */
  write(id: string, offset: number, bytes: Buffer): Promise<void>;
  /** Puts it in its place. Whatever comes of it, the upload is over. @param sha256 - of all of it, lower-case hex */
  finish(id: string, sha256: string, by: Finisher): Promise<UploadedFile>;
  /** One that is over, or is being put in its place, is left alone. */
  abort(id: string): Promise<void>;
  /** Never throws. */
  close(): Promise<void>;
}

export interface UploadsOptions {
  readonly places: Places;
  /** Of nobody else. */
  readonly folder: string;
  /** Of one file. */
  readonly maxBytes: number;
  readonly log: Log;
  /** An upload of which nothing comes any more is given up. Ms. @default 60_000 */
  readonly idleMs?: number;
  /** Between looks for an engine that left half a file behind. Ms. @default 5_000 */
  readonly tidyMs?: number;
}

interface Upload {
  readonly request: FileRequest;
  readonly path: string;
  readonly order: UploadOrder;
  /** Until the file can come. */
  spool?: Spool;
  /** Something is done with it just now. */
  busy: boolean;
  timer?: NodeJS.Timeout;
}

const MAX_UPLOADS = 8;
const uploadId = /^[a-zA-Z0-9_-]{8,64}$/;
/** An engine may be away for so many looks. */
const TIDY_TRIES = 60;

export function createUploads({
  places,
  folder,
  maxBytes,
  log,
  idleMs = 60_000,
  tidyMs = 5_000,
}: UploadsOptions): Uploads {
  const uploads = new Map<string, Upload>();
  const tidying = new Set<NodeJS.Timeout>();

  function known(id: string): Upload & { readonly spool: Spool } {
    const upload = uploads.get(id);
    const spool = upload?.spool;
    if (!upload || !spool) {
      throw new AgentError('NOT_FOUND', 'There is no such upload; it took too long, or is over.');
    }
    if (upload.busy) throw new AgentError('CONFLICT', 'This upload is busy with what came before.');
    return Object.assign(upload, { spool });
  }

  async function drop(id: string): Promise<void> {
    const upload = uploads.get(id);
    uploads.delete(id);
    clearTimeout(upload?.timer);
    await upload?.spool?.discard();
  }

  function awaitMore(id: string, upload: Upload): void {
    clearTimeout(upload.timer);
    upload.timer = setTimeout(() => {
      log.info('an upload was given up, as nothing came any more', { path: upload.path });
      void drop(id);
    }, idleMs).unref();
  }

  /** While the engine is away there is nobody who could remove it. */
  function tidyLater(request: FileRequest, target: Target, name: string, left = TIDY_TRIES): void {
    if (left === 0) {
      log.warn('half a file stays where it was to be put', { path: joined(target.folder, name) });
      return;
    }
    const timer = setTimeout(() => {
      tidying.delete(timer);
      const signal = AbortSignal.timeout(60_000);
      const tidied = async (): Promise<boolean> => {
        await using place = await places.open({ ...request, signal, writes: true });
        return clear(place, target, name);
      };
      tidied().then(
        (gone) => gone || tidyLater(request, target, name, left - 1),
        (error: unknown) => {
          // With the container or volume its files are gone as well.
          if (error instanceof AgentError && error.code === 'NOT_FOUND') return;
          tidyLater(request, target, name, left - 1);
        },
      );
    }, tidyMs).unref();
    tidying.add(timer);
  }

  return {
    async open(request, order) {
      const { id, sizeBytes, replace } = order;
      const path = checkedPath(request.path);
      if (!uploadId.test(id)) throw new AgentError('INPUT_INVALID', 'id must be 8 to 64 letters or digits.');
      if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
        throw new AgentError('INPUT_INVALID', 'sizeBytes must be the length of the file.');
      }
      if (sizeBytes > maxBytes) {
        throw new AgentError(
          'INPUT_INVALID',
          `This server takes files of ${maxBytes} bytes at most (docker.max_upload in its agent's configuration).`,
        );
      }
      if (uploads.has(id)) throw new AgentError('CONFLICT', 'There is an upload of this id.');
      if (uploads.size >= MAX_UPLOADS) {
        throw new AgentError(
          'TOO_MANY_OPERATIONS',
          `This server has ${MAX_UPLOADS} uploads under way; wait for one to end.`,
        );
      }
      const upload: Upload = { request, path, order, busy: true };
      uploads.set(id, upload);
      try {
        await using place = await places.open({ ...request, writes: true });
        const { exists } = await targetOf(place, path, request.signal);
        const ready = !exists || replace;
        if (ready) {
          throwIfAborted(request.signal);
          const promised = [...uploads.values()].reduce(
            (all, { spool, order: other }) => all + (spool ? other.sizeBytes - spool.received : 0),
            0,
          );
          upload.spool = await createSpool(folder, sizeBytes, promised);
          upload.busy = false;
          awaitMore(id, upload);
        } else uploads.delete(id);
        return ready;
      } catch (error) {
        await drop(id);
        throw error;
      }
    },

    async write(id, offset, bytes) {
      const upload = known(id);
      const { spool, order } = upload;
      if (offset !== spool.received)
        throw new AgentError('CONFLICT', 'This piece does not follow the last one.');
      if (offset + bytes.length > order.sizeBytes) {
        await drop(id);
        throw new AgentError('INPUT_INVALID', 'More came than was announced.');
      }
      upload.busy = true;
      try {
        await spool.append(bytes);
        awaitMore(id, upload);
      } catch (error) {
        await drop(id);
        throw error;
      } finally {
        upload.busy = false;
      }
    },

    async finish(id, sha256, { authority, signal }) {
      const upload = known(id);
      const { request, path, spool, order } = upload;
      upload.busy = true;
      clearTimeout(upload.timer);
      try {
        if (spool.received !== order.sizeBytes || spool.sha256() !== sha256) {
          throw new AgentError(
            'CONFLICT',
            'The file did not come as it was sent, so nothing was put in its place.',
          );
        }
        const asked = { ...request, authority, signal };
        await using place = await places.open({ ...asked, writes: true });
        const target = await targetOf(place, path, signal);
        if (target.exists && !order.replace) {
          throw new AgentError('CONFLICT', `Somebody made ${quoted(path)} meanwhile; it was not replaced.`);
        }
        throwIfAborted(signal);
        await put(place, target, {
          sizeBytes: order.sizeBytes,
          content: () => spool.read(),
          signal,
          onLeft: (name) => tidyLater(asked, target, name),
        });
        return { path: joined(target.folder, target.name), sizeBytes: order.sizeBytes };
      } finally {
        await drop(id);
      }
    },

    async abort(id) {
      if (uploads.get(id)?.busy === false) await drop(id);
    },

    async close() {
      for (const timer of tidying) clearTimeout(timer);
      await Promise.all([...uploads.keys()].map(drop));
      await rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
        log.warn('files on their way stay on the disk', { reason: describe(error) }),
      );
    },
  };
}

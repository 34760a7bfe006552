import type { Authority } from '../docker/privilege/guard.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Incoming, IncomingOrder } from './incoming.ts';
import { checkedPath, joined } from './place.ts';
import type { Places } from './places.ts';
import { clear, put, targetOf, type Target } from './put.ts';
import type { FileRequest } from './service.ts';
import { quoted } from './stat.ts';

/** What is to come. */
export interface UploadOrder extends IncomingOrder {
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
  close(): void;
}

export interface UploadsOptions {
  readonly places: Places;
  readonly incoming: Incoming;
  readonly log: Log;
  /** Between looks for an engine that left half a file behind. Ms. @default 5_000 */
  readonly tidyMs?: number;
}

interface Upload {
  readonly request: FileRequest;
  readonly path: string;
  readonly replace: boolean;
}

/** An engine may be away for so many looks. */
const TIDY_TRIES = 60;

export function createUploads({ places, incoming, log, tidyMs = 5_000 }: UploadsOptions): Uploads {
  const files = incoming.intake<Upload>(({ path }) => path);
  const tidying = new Set<NodeJS.Timeout>();

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
    async open(request, { replace, ...order }) {
      const path = checkedPath(request.path);
      return files.open(order, { request, path, replace }, async () => {
        await using place = await places.open({ ...request, writes: true });
        const { exists } = await targetOf(place, path, request.signal);
        throwIfAborted(request.signal);
        return !exists || replace;
      });
    },

    write: (id, offset, bytes) => files.write(id, offset, bytes),

    async finish(id, sha256, { authority, signal }) {
      await using arrived = await files.take(id, sha256);
      const { sizeBytes } = arrived;
      const { request, path, replace } = arrived.about;
      const asked = { ...request, authority, signal };
      await using place = await places.open({ ...asked, writes: true });
      const target = await targetOf(place, path, signal);
      if (target.exists && !replace) {
        throw new AgentError('CONFLICT', `Somebody made ${quoted(path)} meanwhile; it was not replaced.`);
      }
      throwIfAborted(signal);
      await put(place, target, {
        sizeBytes,
        content: () => arrived.read(),
        signal,
        onLeft: (name) => tidyLater(asked, target, name),
      });
      return { path: joined(target.folder, target.name), sizeBytes };
    },

    abort: (id) => files.abort(id),

    close() {
      for (const timer of tidying) clearTimeout(timer);
    },
  };
}

import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { AgentError, describe } from '../errors.ts';
import type { Log } from '../log.ts';
import { createSpool, type Spool } from './spool.ts';

/** What is to come. */
export interface IncomingOrder {
  /** Chosen by the one who asks: new, 8 to 64 letters or digits. */
  readonly id: string;
  readonly sizeBytes: number;
  /** Whose it is: nobody takes another's places. */
  readonly actor: string;
}

/** What came whole. It is kept until it is disposed of. */
export interface Arrived<About> extends AsyncDisposable {
  readonly about: About;
  readonly sizeBytes: number;
  read(): Readable;
}

/** Where bytes come in for one purpose: what was opened for another is not known here. Every method throws AgentError. */
export interface Intake<About> {
  /**
   * Begins to wait for them.
   *
   * @param wanted - looks whether they could be used at all
   * @returns false when they are not wanted; then nothing was begun
   */
  open(order: IncomingOrder, about: About, wanted: () => Promise<boolean>): Promise<boolean>;
  /** @param offset - how much came before */
  write(id: string, offset: number, bytes: Buffer): Promise<void>;
  /** Of what is all there. @param sha256 - of all of it, lower-case hex @throws AgentError CONFLICT; then it is over */
  take(id: string, sha256: string): Promise<Arrived<About>>;
  /** What is over, or was taken, is left alone. */
  abort(id: string): Promise<void>;
}

/** Bytes on their way to this host, kept aside until all of them are there. */
export interface Incoming {
  /** @param told - what of it may stand in the log */
  intake<About>(told: (about: About) => string): Intake<About>;
  /** Never throws. */
  close(): Promise<void>;
}

export interface IncomingOptions {
  /** Of nobody else. */
  readonly folder: string;
  /** Of one upload. */
  readonly maxBytes: number;
  readonly log: Log;
  /** One of which nothing comes any more is given up. Ms. @default 60_000 */
  readonly idleMs?: number;
  /** One of which nothing came so long after it was asked for makes room where another one has none. Ms. @default 15_000 */
  readonly askedMs?: number;
}

interface Coming {
  readonly sizeBytes: number;
  readonly actor: string;
  /** Ms, of this process. */
  readonly askedAt: number;
  /** Its room on the disk is its own, and what of that it did not take yet is nobody else's. */
  hasRoom: boolean;
  readonly giveUp: () => Promise<void>;
  /** Until it can come. */
  spool?: Spool;
  /** Something is done with it just now. */
  busy: boolean;
  timer?: NodeJS.Timeout;
}

const MAX_UPLOADS = 16;
const MAX_EACH = 4;
const uploadId = /^[a-zA-Z0-9_-]{8,64}$/;

export function createIncoming({
  folder,
  maxBytes,
  log,
  idleMs = 60_000,
  askedMs = 15_000,
}: IncomingOptions): Incoming {
  /** Of every purpose, as they share the places and the disk. */
  const all = new Set<Coming>();

  async function drop(coming: Coming): Promise<void> {
    all.delete(coming);
    clearTimeout(coming.timer);
    await coming.spool?.discard();
  }

  function check({ id, sizeBytes }: IncomingOrder): void {
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
  }

  /** Asking alone holds a place only as long as nobody needs it. */
  function makeRoom(actor: string): void {
    const theirs = [...all].filter((coming) => coming.actor === actor);
    const full = all.size >= MAX_UPLOADS;
    if (!full && theirs.length < MAX_EACH) return;
    const now = performance.now();
    const asked = (theirs.length < MAX_EACH ? [...all] : theirs).find(
      ({ busy, spool, askedAt }) => !busy && spool?.received === 0 && now - askedAt >= askedMs,
    );
    if (!asked) {
      throw new AgentError(
        'TOO_MANY_OPERATIONS',
        full
          ? `This server has ${MAX_UPLOADS} uploads under way; wait for one to end.`
          : `You have ${MAX_EACH} uploads to this server under way; wait for one to end.`,
      );
    }
    void asked.giveUp();
  }

  /** Of all the others. Bytes. */
  function promised(): number {
    let bytes = 0;
    for (const { hasRoom, sizeBytes, spool } of all) if (hasRoom) bytes += sizeBytes - (spool?.received ?? 0);
    return bytes;
  }

  function intake<About>(told: (about: About) => string): Intake<About> {
    const known = new Map<string, Coming & { readonly about: About }>();

    async function over(id: string): Promise<void> {
      const coming = known.get(id);
      known.delete(id);
      if (coming) await drop(coming);
    }

    function required(id: string) {
      const coming = known.get(id);
      const spool = coming && all.has(coming) ? coming.spool : undefined;
      if (!coming || !spool) {
        throw new AgentError('NOT_FOUND', 'There is no such upload; it took too long, or is over.');
      }
      if (coming.busy) throw new AgentError('CONFLICT', 'This upload is busy with what came before.');
      return Object.assign(coming, { spool });
    }

    function awaitMore(id: string, coming: Coming & { readonly about: About }): void {
      clearTimeout(coming.timer);
      coming.timer = setTimeout(() => {
        log.info('an upload was given up, as nothing came any more', { of: told(coming.about) });
        void over(id);
      }, idleMs).unref();
    }

    return {
      async open(order, about, wanted) {
        check(order);
        const { id, sizeBytes, actor } = order;
        if (known.has(id)) throw new AgentError('CONFLICT', 'There is an upload of this id.');
        makeRoom(actor);
        const coming: Coming & { readonly about: About } = {
          about,
          sizeBytes,
          actor,
          askedAt: performance.now(),
          hasRoom: false,
          busy: true,
          giveUp: () => over(id),
        };
        known.set(id, coming);
        all.add(coming);
        try {
          const ready = await wanted();
          if (ready) {
            const others = promised();
            // Before the disk is looked at: who looks at the same time must know.
            coming.hasRoom = true;
            coming.spool = await createSpool(folder, sizeBytes, others);
            coming.busy = false;
            awaitMore(id, coming);
          } else await over(id);
          return ready;
        } catch (error) {
          await over(id);
          throw error;
        }
      },

      async write(id, offset, bytes) {
        const coming = required(id);
        const { spool, sizeBytes } = coming;
        if (offset !== spool.received)
          throw new AgentError('CONFLICT', 'This piece does not follow the last one.');
        if (offset + bytes.length > sizeBytes) {
          await over(id);
          throw new AgentError('INPUT_INVALID', 'More came than was announced.');
        }
        coming.busy = true;
        try {
          await spool.append(bytes);
          awaitMore(id, coming);
        } catch (error) {
          await over(id);
          throw error;
        } finally {
          coming.busy = false;
        }
      },

      async take(id, sha256) {
        const coming = required(id);
        const { spool, sizeBytes, about } = coming;
        coming.busy = true;
        clearTimeout(coming.timer);
        if (spool.received !== sizeBytes || spool.sha256() !== sha256) {
          await over(id);
          throw new AgentError('CONFLICT', 'It did not come as it was sent, so nothing was done with it.');
        }
        return { about, sizeBytes, read: () => spool.read(), [Symbol.asyncDispose]: () => over(id) };
      },

      async abort(id) {
        if (known.get(id)?.busy === false) await over(id);
      },
    };
  }

  return {
    intake,
    async close() {
      await Promise.all([...all].map(drop));
      await rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
        log.warn('files on their way stay on the disk', { reason: describe(error) }),
      );
    },
  };
}

import type { Logger } from 'pino';
import { inputInvalid } from '../errors.ts';
import { sendJson, type Exchange } from './exchange.ts';
import { unlimitBody } from './patience.ts';
import { piecesOf } from './pieces.ts';
import { codeOf, ticketSpent, transferHandler, type TransferEnd } from './transfer.ts';
import { transferTurns } from './turns.ts';
import { Watch } from './watch.ts';

/** A piece fills the window of a link, twice in base64 as it is: in the variable, and in the signed payload. Bytes. */
const pieceBytes = 144 * 1024;
/** How long one who was refused may go on sending, so that the answer is read. Milliseconds. */
const lastWordsMs = 5_000;

/** One kind of upload: what its tickets stand for, who may send it, where it goes. */
export interface UploadKind<Grant, Allowed> {
  /** Before the secret of a ticket. */
  readonly path: string;
  /** What a ticket stands for, to the first who asks. */
  take(secret: string): Grant | undefined;
  /** How much was announced. Bytes. */
  sizeOf(grant: Grant): number;
  /** Whose it is: nobody takes another's share of what may run. */
  holder(grant: Grant): string;
  /** With the rights that are held now; asked again and again. @throws ServerKitError UNAUTHENTICATED, PERMISSION_DENIED */
  allow(grant: Grant, signal: AbortSignal): Promise<Allowed>;
  /** Takes all of it. @returns its SHA-256 */
  send(grant: Grant, pieces: AsyncIterable<Buffer>, allowed: Allowed): Promise<string>;
  /** Does with what came whole what it is for, and puts that on record. @returns the answer */
  finish(grant: Grant, sha256: string, allowed: Allowed): Promise<object>;
  /** Gives up one that did not come whole, and puts that on record. */
  dropped(grant: Grant, end: TransferEnd): Promise<void>;
}

/**
 * Answers `PUT <path><ticket>`: the body goes on piece by piece, each once the one before is on the agent's disk, and is used
 * when all of it is there. Nothing of it is kept here.
 */
export function createUploadHandler<Grant, Allowed>(
  log: Logger,
  kind: UploadKind<Grant, Allowed>,
): (exchange: Exchange) => Promise<void> {
  const turns = transferTurns();

  /** All of the body. @returns its SHA-256, and what whoever sent it may do now */
  async function receive(grant: Grant, { request }: Exchange, gone: AbortSignal) {
    const sizeBytes = kind.sizeOf(grant);
    const begun = performance.now();
    let bytes = 0;
    using watch = new Watch({ check: () => kind.allow(grant, gone) });
    const signal = AbortSignal.any([gone, watch.signal]);
    try {
      const announced = request.headers['content-length'];
      if (announced !== undefined && Number(announced) !== sizeBytes) throw wrongLength(sizeBytes);
      using _turn = turns.take(kind.holder(grant));
      const allowed = await kind.allow(grant, signal);
      watch.touch();
      const sha256 = await kind.send(grant, counted(), allowed);
      return { sha256, allowed: await kind.allow(grant, gone) };
    } catch (error) {
      const cause: unknown = watch.signal.aborted ? watch.signal.reason : error;
      await kind.dropped(grant, { bytes, code: codeOf(cause, gone), durationMs: performance.now() - begun });
      throw cause;
    }

    /** @yields what comes, as long as it is no more than was announced */
    async function* counted(): AsyncGenerator<Buffer> {
      const options = { size: pieceBytes, signal, onBytes: (count: number) => watch.trickle(count) };
      for await (const piece of piecesOf(request, options)) {
        watch.rest();
        bytes += piece.length;
        if (bytes > sizeBytes) throw wrongLength(sizeBytes);
        yield piece;
        watch.resume();
      }
      if (bytes < sizeBytes) throw wrongLength(sizeBytes);
    }
  }

  return transferHandler(log, async (exchange, gone) => {
    const { request, response, path } = exchange;
    const grant = kind.take(path.slice(kind.path.length));
    if (!grant) throw ticketSpent();
    unlimitBody(request);
    response.once('finish', () => {
      if (!request.complete) setTimeout(() => request.destroy(), lastWordsMs).unref();
    });
    const { sha256, allowed } = await receive(grant, exchange, gone);
    sendJson(response, 200, await kind.finish(grant, sha256, allowed));
  });
}

function wrongLength(sizeBytes: number) {
  return inputInvalid('body', `The body must be the ${sizeBytes} bytes that were announced.`);
}

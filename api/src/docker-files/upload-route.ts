import { holderOf } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { sendJson, type Exchange } from '../http/exchange.ts';
import { unlimitBody } from '../http/patience.ts';
import { codeOf, ticketSpent, transferHandler } from '../http/transfer.ts';
import { transferTurns } from '../http/turns.ts';
import { Watch } from '../http/watch.ts';
import type { Platform } from '../platform.ts';
import type { Services } from '../services.ts';
import { askerFor } from './asker.ts';
import { piecesOf } from './body.ts';
import type { Upload } from './service.ts';

/** Before the secret of a ticket. */
export const uploadPath = '/files/upload/';

/** A piece fills the window of a link, twice in base64 as it is: in the variable, and in the signed payload. Bytes. */
const pieceBytes = 144 * 1024;
/** How long one who was refused may go on sending, so that the answer is read. Milliseconds. */
const lastWordsMs = 5_000;

/**
 * Answers `PUT /files/upload/<ticket>`: its body goes to the agent piece by piece, each once the one before is on its disk, and
 * is put in its place when all of it is there. Nothing of it is kept here.
 */
export function createUploadHandler({ log }: Pick<Platform, 'log'>, services: Services) {
  const turns = transferTurns();
  const { dockerFiles } = services;

  /** All of the body, up to the agent. @returns its SHA-256 */
  async function receive(upload: Upload, { request }: Exchange, gone: AbortSignal): Promise<string> {
    const { sizeBytes } = upload.request;
    const begun = performance.now();
    let bytes = 0;
    using watch = new Watch({ check: () => askerFor(services, upload, 'files:write', gone) });
    const signal = AbortSignal.any([gone, watch.signal]);
    try {
      const announced = request.headers['content-length'];
      if (announced !== undefined && Number(announced) !== sizeBytes) throw wrongLength(sizeBytes);
      using _turn = turns.take(holderOf(upload.principal));
      const asker = await askerFor(services, upload, 'files:write', signal);
      watch.touch();
      return await dockerFiles.send(upload, counted(), asker);
    } catch (error) {
      const cause: unknown = watch.signal.aborted ? watch.signal.reason : error;
      await dockerFiles.dropped(upload, {
        bytes,
        code: codeOf(cause, gone),
        durationMs: performance.now() - begun,
      });
      throw cause;
    }

    /** @yields what comes, as long as it is no more than was announced */
    async function* counted(): AsyncGenerator<Buffer> {
      const options = { size: pieceBytes, signal, onBytes: () => watch.touch() };
      for await (const piece of piecesOf(request, options)) {
        watch.rest();
        bytes += piece.length;
        if (bytes > sizeBytes) throw wrongLength(sizeBytes);
        yield piece;
        watch.touch();
      }
      if (bytes < sizeBytes) throw wrongLength(sizeBytes);
    }
  }

  return transferHandler(log, async (exchange, gone) => {
    const { request, response, path } = exchange;
    const upload = dockerFiles.takeUpload(path.slice(uploadPath.length));
    if (!upload) throw ticketSpent();
    unlimitBody(request);
    response.once('finish', () => {
      if (!request.complete) setTimeout(() => request.destroy(), lastWordsMs).unref();
    });
    const sha256 = await receive(upload, exchange, gone);
    const asker = await askerFor(services, upload, 'files:write', gone);
    const { path: at, sizeBytes } = await dockerFiles.putInPlace(upload, sha256, asker);
    sendJson(response, 200, { path: at, sizeBytes });
  });
}

function wrongLength(sizeBytes: number) {
  return inputInvalid('body', `The body must be the ${sizeBytes} bytes that were announced.`);
}

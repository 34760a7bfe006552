import type { OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import { attachment } from './disposition.ts';
import type { Exchange } from './exchange.ts';
import { codeOf, ticketSpent, transferHandler, type TransferEnd } from './transfer.ts';
import { transferTurns } from './turns.ts';
import { Watch } from './watch.ts';

/** What is sent, and under which name it is saved. */
export interface Outgoing {
  readonly name: string;
  readonly contentType: string;
  /** Null when it is not known beforehand. */
  readonly sizeBytes: number | null;
  /** Throws when it breaks off: what came until then is not the whole. */
  readonly body: AsyncIterable<Buffer>;
}

/** One kind of download: what its tickets stand for, who may have it, where it comes from. */
export interface DownloadKind<Grant, Allowed> {
  /** Before the secret of a ticket. */
  readonly path: string;
  /** What a ticket stands for, to the first who asks. */
  take(secret: string): Grant | undefined;
  /** Whose it is: nobody takes another's share of what may run. */
  holder(grant: Grant): string;
  /** With the rights that are held now; asked again and again. @throws ServerKitError UNAUTHENTICATED, PERMISSION_DENIED */
  allow(grant: Grant, signal: AbortSignal): Promise<Allowed>;
  open(grant: Grant, allowed: Allowed): Promise<Outgoing>;
  /** Puts on record how it ended. */
  ended(grant: Grant, end: TransferEnd): Promise<void>;
}

/**
 * Answers `GET <path><ticket>` with what the ticket stands for, as it comes from an agent. The ticket is all that is shown: no
 * cookie counts here, so there is nothing that another page could use, and what is sent is saved and never shown, as it is
 * somebody else's.
 */
export function createDownloadHandler<Grant, Allowed>(
  log: Logger,
  kind: DownloadKind<Grant, Allowed>,
): (exchange: Exchange) => Promise<void> {
  const turns = transferTurns();

  return transferHandler(log, async ({ response, path }: Exchange, gone) => {
    const grant = kind.take(path.slice(kind.path.length));
    if (!grant) throw ticketSpent();
    using _turn = turns.take(kind.holder(grant));
    using watch = new Watch({ check: () => kind.allow(grant, gone) });
    const signal = AbortSignal.any([gone, watch.signal]);
    const begun = performance.now();
    let bytes = 0;
    let code: string | null = null;
    try {
      const outgoing = await kind.open(grant, await kind.allow(grant, signal));
      signal.throwIfAborted();
      response.writeHead(200, headersOf(outgoing));
      await pipeline(
        Readable.from(counted(outgoing.body), { objectMode: false, highWaterMark: 1 }),
        response,
        { signal },
      );
    } catch (error) {
      const cause: unknown = watch.signal.aborted ? watch.signal.reason : error;
      code = codeOf(cause, gone);
      throw cause;
    } finally {
      await kind.ended(grant, { bytes, code, durationMs: performance.now() - begun });
    }

    /** @yields the pieces of the body, of which note is taken */
    async function* counted(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const piece of body) {
        watch.touch();
        bytes += piece.length;
        yield piece;
        watch.rest();
      }
      // What was stopped ends as well, and must not look whole.
      signal.throwIfAborted();
    }
  });
}

function headersOf({ name, contentType, sizeBytes }: Outgoing): OutgoingHttpHeaders {
  return {
    'content-type': contentType,
    'content-disposition': attachment(name),
    // Should anything show it all the same, it has no origin and runs nothing.
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'no-store',
    // Nothing that comes from an agent shares a connection with the dashboard's own answers.
    connection: 'close',
    ...(sizeBytes !== null && { 'content-length': sizeBytes }),
  };
}

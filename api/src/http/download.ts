import type { OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import { isServerKitError, ServerKitError } from '../errors.ts';
import { maskError } from '../graphql/mask-error.ts';
import { refuseForeignPages } from '../graphql/request-guard.ts';
import { attachment } from './disposition.ts';
import { sendJson, type Exchange } from './exchange.ts';

/** Rights are looked at again this often, as a transfer may take long. Milliseconds. */
const recheckMs = 5_000;
/** At once and of one kind: each takes a window of the link to its agent. */
const maxRunning = 32;

/** What is sent, and under which name it is saved. */
export interface Outgoing {
  readonly name: string;
  readonly contentType: string;
  /** Null when it is not known beforehand. */
  readonly sizeBytes: number | null;
  /** Throws when it breaks off: what came until then is not the whole. */
  readonly body: AsyncIterable<Buffer>;
}

/** How a download ended, for the audit. */
export interface DownloadEnd {
  /** Sent until then. */
  readonly bytes: number;
  /** Null when all was sent. */
  readonly code: string | null;
  readonly durationMs: number;
}

/** One kind of download: what its tickets stand for, who may have it, where it comes from. */
export interface DownloadKind<Grant, Allowed> {
  /** Before the secret of a ticket. */
  readonly path: string;
  /** What a ticket stands for, to the first who asks. */
  take(secret: string): Grant | undefined;
  /** With the rights that are held now; asked again and again. @throws ServerKitError UNAUTHENTICATED, PERMISSION_DENIED */
  allow(grant: Grant, signal: AbortSignal): Promise<Allowed>;
  open(grant: Grant, allowed: Allowed): Promise<Outgoing>;
  /** Puts on record how it ended. */
  ended(grant: Grant, end: DownloadEnd): Promise<void>;
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
  let running = 0;

  async function answer({ request, response, facts, path }: Exchange, signal: AbortSignal): Promise<void> {
    refuseForeignPages(request, facts);
    const grant = kind.take(path.slice(kind.path.length));
    if (!grant) {
      throw new ServerKitError(
        'NOT_FOUND',
        'This address worked once, or is too old. Start the download again.',
      );
    }
    if (running >= maxRunning) {
      throw new ServerKitError('TOO_MANY_OPERATIONS', 'Other downloads are running. Wait for one to end.', {
        details: { limit: maxRunning },
      });
    }
    running += 1;
    const begun = performance.now();
    let bytes = 0;
    let code: string | null = 'CANCELLED';
    try {
      const outgoing = await kind.open(grant, await kind.allow(grant, signal));
      response.writeHead(200, headersOf(outgoing));
      await pipeline(
        Readable.from(counted(outgoing.body, grant), { objectMode: false, highWaterMark: 1 }),
        response,
        { signal },
      );
      code = null;
    } catch (error) {
      // A body that breaks off closes the connection, which by itself does not say that the reader left.
      if (isServerKitError(error)) ({ code } = error);
      else if (!signal.aborted) code = 'INTERNAL';
      throw error;
    } finally {
      running -= 1;
      await kind.ended(grant, { bytes, code, durationMs: performance.now() - begun });
    }

    async function* counted(body: AsyncIterable<Buffer>, subject: Grant): AsyncGenerator<Buffer> {
      let checkedAt = performance.now();
      for await (const piece of body) {
        if (performance.now() - checkedAt > recheckMs) {
          await kind.allow(subject, signal);
          checkedAt = performance.now();
        }
        bytes += piece.length;
        yield piece;
      }
    }
  }

  return async (exchange) => {
    const { response } = exchange;
    const gone = new AbortController();
    response.once('close', () => {
      // It closes after its end as well.
      if (!response.writableFinished) gone.abort();
    });
    try {
      await answer(exchange, gone.signal);
    } catch (error) {
      if (gone.signal.aborted) return;
      // Half a file must not look like a whole one: the connection breaks before the end of the body.
      if (response.headersSent) {
        response.destroy();
        if (!isServerKitError(error)) log.error({ err: error }, 'a download failed');
        return;
      }
      sendJson(response, statusOf(error), { errors: [maskError(error, log)] });
    }
  };
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

const statuses: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  ORIGIN_REFUSED: 403,
  AGENT_REFUSED: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  INPUT_INVALID: 400,
  TOO_MANY_OPERATIONS: 429,
  AGENT_OFFLINE: 503,
  DOCKER_UNAVAILABLE: 503,
  AGENT_TIMEOUT: 504,
};

function statusOf(error: unknown): number {
  return (isServerKitError(error) && statuses[error.code]) || 500;
}

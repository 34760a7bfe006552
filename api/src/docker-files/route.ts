import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { credentialOf, type PersonPrincipal } from '../context.ts';
import { isServerKitError, permissionDenied, ServerKitError, unauthenticated } from '../errors.ts';
import { maskError } from '../graphql/mask-error.ts';
import { renew } from '../graphql/renewal.ts';
import { refuseForeignPages } from '../graphql/request-guard.ts';
import { sendJson, type Exchange } from '../http/exchange.ts';
import type { Platform } from '../platform.ts';
import type { Services } from '../services.ts';
import { attachment } from './disposition.ts';
import type { Asker, Download, DownloadedFile } from './service.ts';

/** Before the secret of a ticket. */
export const downloadPath = '/files/download/';

/** Rights are looked at again this often, as a transfer may take long. Milliseconds. */
const recheckMs = 5_000;
/** At once: each takes a window of the link to its agent. */
const maxRunning = 32;

interface Needs {
  readonly platform: Pick<Platform, 'log'>;
  readonly services: Services;
}

/**
 * Answers `GET /files/download/<ticket>` with a file, or an archive of a folder, as it comes from the agent. The ticket is all
 * that is shown: no cookie counts here, so there is nothing that another page could use, and what is sent is saved and never
 * shown, as it is somebody else's.
 */
export function createDownloadHandler({
  platform: { log },
  services,
}: Needs): (exchange: Exchange) => Promise<void> {
  let running = 0;

  async function answer({ request, response, facts, path }: Exchange, signal: AbortSignal): Promise<void> {
    refuseForeignPages(request, facts);
    const download = services.dockerFiles.takeDownload(path.slice(downloadPath.length));
    if (!download) {
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
      const stream = services.dockerFiles.read(download.request, await askerFor(download, signal));
      const first = await stream.next();
      if (first.done || Buffer.isBuffer(first.value))
        throw new TypeError('A download began without its name.');
      response.writeHead(200, headersOf(download, first.value));
      await pipeline(
        Readable.from(counted(stream, download, signal), { objectMode: false, highWaterMark: 1 }),
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
      await services.dockerFiles.downloaded(download, { bytes, code, durationMs: performance.now() - begun });
    }

    async function* counted(
      pieces: AsyncGenerator<DownloadedFile | Buffer>,
      subject: Download,
      until: AbortSignal,
    ): AsyncGenerator<Buffer> {
      let checkedAt = performance.now();
      for await (const piece of pieces) {
        if (!Buffer.isBuffer(piece)) continue;
        if (performance.now() - checkedAt > recheckMs) {
          await askerFor(subject, until);
          checkedAt = performance.now();
        }
        bytes += piece.length;
        yield piece;
      }
    }
  }

  /** With the rights that are held now. @throws ServerKitError UNAUTHENTICATED, PERMISSION_DENIED */
  async function askerFor({ principal, actor, request }: Download, signal: AbortSignal): Promise<Asker> {
    const held = (await rightsNow(principal)).on(request.serverId);
    if (!held.has('files:read')) throw permissionDenied('files:read');
    const heldScopes = (['docker:containers:privileged'] as const).filter((scope) => held.has(scope));
    return { actor, signal, heldScopes };
  }

  async function rightsNow(principal: PersonPrincipal) {
    const id = credentialOf(principal);
    const now = (await renew(services, [id])).get(id);
    if (!now) throw unauthenticated();
    return now.rights;
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

function headersOf({ request: { archive } }: Download, { name, sizeBytes }: DownloadedFile) {
  return {
    'content-type': archive ? 'application/x-tar' : 'application/octet-stream',
    'content-disposition': attachment(archive ? `${name || 'files'}.tar` : name),
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

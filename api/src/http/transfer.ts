import type { Logger } from 'pino';
import { isServerKitError, ServerKitError } from '../errors.ts';
import { maskError } from '../graphql/mask-error.ts';
import { refuseForeignPages } from '../graphql/request-guard.ts';
import { sendJson, type Exchange } from './exchange.ts';

/** How a transfer ended, for the audit. */
export interface TransferEnd {
  /** Moved until then. */
  readonly bytes: number;
  /** Null for one that succeeded. */
  readonly code: string | null;
  readonly durationMs: number;
}

/** @param gone - the client left */
type Answer = (exchange: Exchange, gone: AbortSignal) => Promise<void>;

/**
 * What answers a transfer over HTTP. Its ticket is all that is shown: no cookie counts here, so there is nothing that another
 * page could use.
 */
export function transferHandler(log: Logger, answer: Answer): (exchange: Exchange) => Promise<void> {
  return fileHandler(log, async (exchange, gone) => {
    refuseForeignPages(exchange.request, exchange.facts);
    await answer(exchange, gone);
  });
}

/** What answers with a file, to whomever `answer` finds that it may. */
export function fileHandler(log: Logger, answer: Answer): (exchange: Exchange) => Promise<void> {
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
        if (!isServerKitError(error)) log.error({ err: error }, 'a transfer failed');
        return;
      }
      sendJson(response, statusOf(error), { errors: [maskError(error, log)] });
    }
  };
}

export function ticketSpent(): ServerKitError {
  return new ServerKitError(
    'NOT_FOUND',
    'This address worked once, or is too old. Start the transfer again.',
  );
}

/** How it ended, for the record. @param gone - of the client */
export function codeOf(error: unknown, gone: AbortSignal): string {
  if (isServerKitError(error)) return error.code;
  // A body that breaks off closes the connection, which by itself does not say that the client left.
  return gone.aborted ? 'CANCELLED' : 'INTERNAL';
}

const statuses: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  ORIGIN_REFUSED: 403,
  AGENT_REFUSED: 403,
  NOT_FOUND: 404,
  CANCELLED: 408,
  CONFLICT: 409,
  INPUT_INVALID: 400,
  QUERY_INVALID: 415,
  RATE_LIMITED: 429,
  TOO_MANY_OPERATIONS: 429,
  AGENT_OFFLINE: 503,
  DOCKER_UNAVAILABLE: 503,
  AGENT_TIMEOUT: 504,
};

function statusOf(error: unknown): number {
  return (isServerKitError(error) && statuses[error.code]) || 500;
}

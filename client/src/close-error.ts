import { ServerKitApiError, ServerKitConnectionError } from './errors.ts';

/** Close codes of a client that does something wrong: it would do it again. */
const ours: ReadonlySet<number> = new Set([4400, 4406, 4409, 4429]);

/**
 * What the end of a socket means.
 *
 * @param event - a close event: code and reason
 * @param connected - whether the API had taken the connection
 */
export function closeError({ host }: URL, event: unknown, connected: boolean): Error {
  const { code, reason } = isCloseEvent(event) ? event : { code: 1006, reason: '' };
  if (code === 4401 || code === 4403) {
    return new ServerKitApiError({
      message: reason || 'The token or session is not valid. Use another.',
      extensions: { code: code === 4401 ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED' },
    });
  }
  const retryable = !ours.has(code);
  const words = reason ? `${code}: ${reason}` : String(code);
  if (code === 4499) {
    return new ServerKitConnectionError('TIMEOUT', `Nothing has been heard from ${host} for a while.`, {
      retryable,
    });
  }
  return connected
    ? new ServerKitConnectionError('CONNECTION_LOST', `The connection to ${host} ended (${words}).`, {
        retryable,
      })
    : new ServerKitConnectionError('CONNECTION_FAILED', `${host} does not take the connection (${words}).`, {
        retryable,
      });
}

/** In browsers an instance of a class that Node 20 does not know. */
const isCloseEvent = (value: unknown): value is { readonly code: number; readonly reason: string } =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  typeof value.code === 'number' &&
  'reason' in value &&
  typeof value.reason === 'string';

/** Statuses with which a proxy says that what is behind it may be back soon. */
export const passing: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** An upgrade answered with a status, which the package `ws` tells in words alone. */
export function refusedUpgrade({ host }: URL, { message }: Error): ServerKitConnectionError | undefined {
  const status = Number(/^Unexpected server response: (\d{3})$/.exec(message)?.[1]);
  if (Number.isNaN(status)) return undefined;
  return new ServerKitConnectionError(
    'BAD_ANSWER',
    `${host} answered ${status} where subscriptions connect. Check the address, and that a proxy in between passes WebSockets on.`,
    { retryable: passing.has(status) },
  );
}

import type { Payload, RawAnswer } from './answer.ts';
import { isRecord, readErrors, ServerKitConnectionError } from './errors.ts';
import { passing } from './close-error.ts';
import type { Credentials } from './credentials.ts';
import type { Fetch } from './options.ts';

export interface HttpOptions {
  readonly endpoint: URL;
  readonly fetch: Fetch;
  readonly credentials: Credentials;
  readonly timeoutMs: number;
}

/**
 * Sends one operation.
 *
 * @throws ServerKitConnectionError when no answer of ServerKit came
 * @throws the signal's reason when it was aborted
 */
export async function post<Data>(
  options: HttpOptions,
  payload: Payload,
  signal: AbortSignal,
): Promise<RawAnswer<Data>> {
  const { endpoint, timeoutMs } = options;
  // What fetches the secret fails in its own words.
  const headers = await options.credentials.headers();
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const { status, text } = await send(options, { payload, headers }, AbortSignal.any([signal, timeout]));
    return readAnswer<Data>(status, text, endpoint);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) {
      throw new ServerKitConnectionError(
        'TIMEOUT',
        `${endpoint.host} did not answer within ${timeoutMs / 1000} s.`,
        {
          cause: error,
        },
      );
    }
    throw error instanceof ServerKitConnectionError ? error : connectionFailed(endpoint, error);
  }
}

interface Message {
  readonly payload: Payload;
  readonly headers: Readonly<Record<string, string>>;
}

async function send({ endpoint, fetch }: HttpOptions, { payload, headers }: Message, signal: AbortSignal) {
  const answer = await fetch(endpoint.href, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...headers,
    },
    body: JSON.stringify(payload),
    signal,
    // Nowhere else is what stands in the headers meant for.
    redirect: 'manual',
  });
  return { status: answer.status, text: await answer.text() };
}

/** Without errors and data it was something else that answered. */
function readAnswer<Data>(status: number, text: string, { host }: URL): RawAnswer<Data> {
  const answer = parse<Data>(text);
  const errors = readErrors(answer?.errors);
  if (answer && (errors || 'data' in answer)) return { data: answer.data ?? null, errors: errors ?? [] };
  const words = answer ? '' : text.trim().split('\n')[0]?.slice(0, 200);
  throw new ServerKitConnectionError(
    'BAD_ANSWER',
    `${host} answered ${status}${words ? ` (${words})` : ''}, which is no answer of ServerKit's API. Check the address.`,
    { retryable: passing.has(status) },
  );
}

interface Body<Data> {
  readonly data?: Data | null;
  readonly errors?: unknown;
}

const parseJson: <Data>(text: string) => Body<Data> = JSON.parse;

function parse<Data>(text: string): Body<Data> | undefined {
  try {
    const value = parseJson<Data>(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** OpenSSL's and Node's words for a certificate that is not trusted. */
const distrust = /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/;

/** @param error - of fetch, which hides the reason as a cause, or of a socket */
export function connectionFailed({ host }: URL, error: unknown): ServerKitConnectionError {
  const { code, message } = rootOf(error);
  if (distrust.test(code)) {
    return new ServerKitConnectionError(
      'TLS_UNTRUSTED',
      `The certificate of ${host} is not trusted here (${code}). Give the authority that signed it as \`ca\`.`,
      { cause: error },
    );
  }
  return new ServerKitConnectionError(
    'CONNECTION_FAILED',
    `${host} cannot be reached (${code || message}). Check the address and that ServerKit runs.`,
    {
      retryable: true,
      cause: error,
    },
  );
}

function rootOf(error: unknown): { code: string; message: string } {
  let at = error;
  let found = { code: '', message: String(error) };
  for (let depth = 0; at instanceof Error && depth < 5; depth++) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    found = { code: code || found.code, message: at.message || found.message };
    // A name with several addresses fails once for each.
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return found;
}

/**
 * The closed set of codes a client finds in `extensions.code`. Whatever is not one of these reaches nobody but the
 * log: it is answered as INTERNAL with a reference to look it up by.
 */
export const errorCodes = [
  /** No session, or one that ended. Sign in. */
  'UNAUTHENTICATED',
  /** Signed in, but without the scope that the field names. */
  'PERMISSION_DENIED',
  /** Wrong e-mail address or password; which of them is not told. */
  'CREDENTIALS_INVALID',
  /** Wrong or used setup code. */
  'SETUP_CODE_INVALID',
  /** The first administrator exists already. */
  'SETUP_DONE',
  /** Too many tries; `retryAfterSeconds` says how long to wait. */
  'RATE_LIMITED',
  /** The page that asks is not ours. */
  'ORIGIN_REFUSED',
  /** An argument is malformed or out of range; `issues` lists path and message. */
  'INPUT_INVALID',
  /** The document does not parse or does not fit the schema. */
  'QUERY_INVALID',
  /** The document is too long, too deep, too wide or too costly; `limit` and `actual` say by how much. */
  'QUERY_TOO_COMPLEX',
  /** Too many operations of the same person or address at once. */
  'TOO_MANY_OPERATIONS',
  /** A subscription was ended because its reader did not keep up. */
  'SLOW_CONSUMER',
  /** Nothing with this id, or nothing that may be seen. */
  'NOT_FOUND',
  /** It clashes with what is there: a name taken, a state that does not allow it. */
  'CONFLICT',
  /** A registration token that does not exist, or whose proof does not fit. */
  'TOKEN_INVALID',
  /** A registration token past its 24 hours. */
  'TOKEN_EXPIRED',
  /** A registration token that another key used first. */
  'TOKEN_USED',
  /** No link to the agent; nothing was sent. */
  'AGENT_OFFLINE',
  /** The agent did not answer in time. */
  'AGENT_TIMEOUT',
  /** The agent's own configuration or the server's ceiling forbids it. */
  'AGENT_REFUSED',
  /** The agent is too old for it; the message says what to update. */
  'UNSUPPORTED_BY_AGENT',
  /** The agent failed unexpectedly; its own log on the server says why. */
  'AGENT_FAILED',
  /** The agent answered something that makes no sense. */
  'AGENT_PROTOCOL_ERROR',
  /** Docker on the server is not there or does not answer. */
  'DOCKER_UNAVAILABLE',
  /** Docker on the server refused; its words are in the message. */
  'DOCKER_ERROR',
  /** The answer is larger than a frame may be; ask for less. */
  'RESULT_TOO_LARGE',
  /** It was sent, the link broke, and whether it was carried out cannot be told. */
  'OUTCOME_UNKNOWN',
  /** It was cancelled before anything was done. */
  'CANCELLED',
  /** This process is shutting down, or its database does not answer. Try again. */
  'UNAVAILABLE',
  /** Our fault. `reference` finds it in the log. */
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorDetails {
  /** What the client gets beside the code; JSON, and never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Kept for the log. */
  readonly cause?: unknown;
}

/**
 * A failure that the one who asked can do something about. The message is a sentence or two in plain words, with the
 * next step. Thrown by services, which know no GraphQL; the edge turns it into an error with `extensions.code`.
 */
export class ServerKitError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, { details = {}, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ServerKitError';
    this.code = code;
    this.details = details;
  }
}

export function isServerKitError(error: unknown, code?: ErrorCode): error is ServerKitError {
  return error instanceof ServerKitError && (code === undefined || error.code === code);
}

/** @param noun - as a reader would say it: "server", "container" */
export function notFound(noun: string, id: string): ServerKitError {
  return new ServerKitError(
    'NOT_FOUND',
    `There is no ${noun} with the id ${id.slice(0, 80)}. It may have been deleted.`,
  );
}

export function unauthenticated(): ServerKitError {
  return new ServerKitError(
    'UNAUTHENTICATED',
    'You are not signed in, or your session ended. Sign in and try again.',
  );
}

export function permissionDenied(scope?: string): ServerKitError {
  return scope === undefined
    ? new ServerKitError('PERMISSION_DENIED', 'You may not do this. Ask an administrator.')
    : new ServerKitError(
        'PERMISSION_DENIED',
        `This needs the scope ${scope}, which you do not hold. Ask an administrator.`,
        {
          details: { scope },
        },
      );
}

/** @param field - path of the input field, such as `input.name` */
export function inputInvalid(field: string, message: string): ServerKitError {
  return new ServerKitError('INPUT_INVALID', message, { details: { issues: [{ path: field, message }] } });
}

/** @param seconds - rounded up to whole seconds */
export function rateLimited(seconds: number): ServerKitError {
  const retryAfterSeconds = Math.max(1, Math.ceil(seconds));
  return new ServerKitError(
    'RATE_LIMITED',
    `Too many attempts. Try again in ${retryAfterSeconds} ${retryAfterSeconds === 1 ? 'second' : 'seconds'}.`,
    { details: { retryAfterSeconds } },
  );
}

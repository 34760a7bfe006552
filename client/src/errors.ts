import type { ErrorCode } from './generated/enums.ts';

/** What can go wrong on the way to the API, where it cannot say so itself. */
export type ConnectionErrorCode =
  /** No connection: wrong address, nobody listens, no network. */
  | 'CONNECTION_FAILED'
  /** There was a connection, and it broke. */
  | 'CONNECTION_LOST'
  /** No answer within the time given. */
  | 'TIMEOUT'
  /** The certificate is not one this machine trusts. */
  | 'TLS_UNTRUSTED'
  /** What answered does not speak as ServerKit does: another service, or a proxy in between. */
  | 'BAD_ANSWER';

/** What every error of this package has in common. */
export class ServerKitError extends Error {
  /** A documented code of the API, of the connection, or of a newer release than this package. */
  readonly code: ErrorCode | ConnectionErrorCode | (string & {});
  /** Whether the same call may succeed later, with nothing having been done now. */
  readonly retryable: boolean;

  constructor(
    code: string,
    message: string,
    { retryable = false, cause }: ErrorOptions & { retryable?: boolean } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ServerKitError';
    this.code = code;
    this.retryable = retryable;
  }
}

/** The way to the API failed. */
export class ServerKitConnectionError extends ServerKitError {
  override readonly code: ConnectionErrorCode;

  constructor(code: ConnectionErrorCode, message: string, options?: ErrorOptions & { retryable?: boolean }) {
    super(code, message, options);
    this.name = 'ServerKitConnectionError';
    this.code = code;
  }
}

/** An error of an answer, as GraphQL writes it. */
export interface AnsweredError {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** The API refused or failed. The message is its own sentence, with what to do next. */
export class ServerKitApiError extends ServerKitError {
  declare readonly code: ErrorCode | (string & {});
  /** The part of the answer that is missing because of it; empty when it is the whole. */
  readonly path: readonly (string | number)[];
  /** What the API told beside the code, such as `scope`, `retryAfterSeconds` or `reference`. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Every error of the answer, this one first. */
  readonly errors: readonly ServerKitApiError[];
  /** What the answer held besides; undefined when there was nothing. */
  readonly data: unknown;

  constructor(
    { message, path = [], extensions = {} }: AnsweredError,
    others: readonly AnsweredError[] = [],
    data?: unknown,
  ) {
    const { code: given, ...details } = extensions;
    const code = typeof given === 'string' ? given : 'INTERNAL';
    super(code, message, { retryable: retryableCodes.has(code) });
    this.name = 'ServerKitApiError';
    this.path = path;
    this.details = details;
    this.errors = [this, ...others.map((other) => new ServerKitApiError(other))];
    this.data = data ?? undefined;
  }
}

/** With these nothing was done, and what was in the way passes. AGENT_TIMEOUT is not one: it may have been done all the same. */
const retryableCodes: ReadonlySet<string> = /* @__PURE__ */ new Set<ErrorCode>([
  'AGENT_OFFLINE',
  'CANCELLED',
  'DOCKER_UNAVAILABLE',
  'RATE_LIMITED',
  'SLOW_CONSUMER',
  'TOO_MANY_OPERATIONS',
  'UNAVAILABLE',
]);

/** The error of an answer with errors. */
export function apiError(errors: readonly AnsweredError[], data?: unknown): ServerKitApiError {
  const [first = { message: 'The answer was empty.' }, ...others] = errors;
  return new ServerKitApiError(first, others, data);
}

/** The errors in what a server sent, read with care: a proxy may have answered instead. */
export function readErrors(value: unknown): AnsweredError[] | undefined {
  return Array.isArray(value) ? value.map(readError) : undefined;
}

function readError(value: unknown): AnsweredError {
  if (!isRecord(value)) return { message: String(value) };
  const { message, path, extensions } = value;
  return {
    message: typeof message === 'string' ? message : 'The error says nothing.',
    ...(Array.isArray(path) && { path: path.filter(isStep) }),
    ...(isRecord(extensions) && { extensions }),
  };
}

const isStep = (step: unknown): step is string | number =>
  typeof step === 'string' || typeof step === 'number';

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The closed set of codes a client finds in `extensions.code`, and what each means to whoever gets it: the schema prints
 * them as the enum ErrorCode, and docs/api.md as a table. Whatever is not one of these reaches nobody but the log: it is
 * answered as INTERNAL with a reference to look it up by.
 */
export const errorCodes = {
  UNAUTHENTICATED: { description: 'No session, or one that ended. Sign in.' },
  PERMISSION_DENIED: { description: 'The scope in `scope` is missing.' },
  CREDENTIALS_INVALID: { description: 'Wrong e-mail address or password; which of them is not told.' },
  SECOND_FACTOR_REQUIRED: {
    description: 'The account has a second factor: select `secondFactor` of `signIn`, or send `code` along.',
  },
  SECOND_FACTOR_INVALID: { description: 'A code that is wrong, too old, or was used before.' },
  FRESH_SIGN_IN_REQUIRED: {
    description:
      'A sensitive change, and the password was last entered over 15 minutes ago: `confirmSignIn`.',
  },
  LINK_INVALID: {
    description: 'An invitation or reset link that was never made, was used or replaced, or is too old.',
  },
  SETUP_CODE_INVALID: { description: 'Wrong or used setup code.' },
  SETUP_DONE: { description: 'The first administrator exists already.' },
  RATE_LIMITED: { description: 'Too many tries; wait `retryAfterSeconds`.' },
  ORIGIN_REFUSED: { description: "The page that asks is not ServerKit's own." },
  INPUT_INVALID: {
    description: 'An argument is malformed or out of range; `issues` lists `path` and `message`.',
  },
  QUERY_INVALID: { description: 'The document does not parse or does not fit the schema.' },
  QUERY_TOO_COMPLEX: {
    description: 'The document is too long, deep, wide or costly; see `limit` and `actual`.',
  },
  TOO_MANY_OPERATIONS: { description: 'Too many operations at once; see `limit`.' },
  SLOW_CONSUMER: { description: 'A subscription ended because its reader did not keep up.' },
  NOT_FOUND: { description: 'Nothing with this id, or nothing you may see.' },
  CONFLICT: { description: 'It clashes with what is there: a name taken, a state that does not allow it.' },
  TOKEN_INVALID: { description: 'A registration token that does not exist, or whose proof does not fit.' },
  TOKEN_EXPIRED: { description: 'A registration token past its 24 hours.' },
  TOKEN_USED: { description: 'A registration token that another key used first.' },
  AGENT_OFFLINE: { description: 'No link to the agent; nothing was sent.' },
  AGENT_TIMEOUT: { description: 'The agent did not answer in time.' },
  AGENT_REFUSED: { description: "The agent's own configuration or the server's scopes forbid it." },
  UNSUPPORTED_BY_AGENT: { description: 'The agent is too old for it.' },
  AGENT_FAILED: { description: 'The agent failed unexpectedly; its log on the server says why.' },
  AGENT_PROTOCOL_ERROR: { description: 'The agent answered something that makes no sense.' },
  DOCKER_UNAVAILABLE: { description: 'Docker on the server is not there or does not answer.' },
  DOCKER_ERROR: { description: 'Docker on the server refused; its words are in the message.' },
  COMPOSE_UNAVAILABLE: {
    description: 'Docker Compose is not installed on the server; the message says what to install.',
  },
  GIT_UNAVAILABLE: {
    description: 'Git, or ssh for it, is not installed on the server; the message says what to install.',
  },
  GIT_ERROR: { description: 'A Git repository could not be read; the message says why.' },
  RECORDING_FAILED: {
    description:
      'A terminal that has to be recorded cannot be, so that it is not opened, or was closed; the message says why.',
  },
  RESULT_TOO_LARGE: { description: 'The answer is larger than may be sent; ask for less.' },
  OUTCOME_UNKNOWN: { description: 'It was sent, the link broke, and whether it was done cannot be told.' },
  CANCELLED: { description: 'It was cancelled before anything was done.' },
  UNAVAILABLE: { description: 'The control plane is stopping, or its database does not answer. Try again.' },
  INTERNAL: { description: 'A fault of ours; `reference` finds it in the log.' },
} as const satisfies Record<string, { readonly description: string }>;

export type ErrorCode = keyof typeof errorCodes;

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

/** For what only a person at a browser may do. */
export function sessionNeeded(): ServerKitError {
  return new ServerKitError(
    'PERMISSION_DENIED',
    'This is personal: it needs a session of the dashboard, which an API token is not.',
  );
}

export function freshSignInRequired(): ServerKitError {
  return new ServerKitError(
    'FRESH_SIGN_IN_REQUIRED',
    'Enter your password again first (confirmSignIn): it is more than 15 minutes since you last did.',
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

import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { ServerKitError, type ErrorCode } from '../errors.ts';
import { randomText } from '../ids.ts';

/** Whoever asks about the schema by guessing is told nothing (`Did you mean "secretField"?`). */
const suggestion = / Did you mean .*\?$/;

/** graphql-js repeats the value that does not fit, which may be a password in the wrong place; where it stands is enough. */
const values: readonly (readonly [RegExp, string])[] = [
  [/( cannot represent [^:]*): .*$/s, '$1.'],
  [/(Expected value of type "[^"]*"), found .*$/s, '$1.'],
  [/(found (?:Block)?String) ".*$/s, '$1.'],
  [/\bValue ".*" (does not exist in "\w+" enum)\..*$/s, 'The value $1.'],
  // Last, when no semicolon of a value stands behind its own.
  [/^(Variable "\$\w+") got invalid value .*?( at "[\w.[\]]+")?; (?=[^;]*$)/s, '$1 does not fit$2: '],
];

/**
 * What a client may know of an error: one of the documented codes with its sentence, or INTERNAL with a reference
 * under which the log has the rest.
 */
export function maskError(error: unknown, log: Logger): GraphQLError {
  if (error instanceof GraphQLError && masked.has(error)) return error;
  const place = error instanceof GraphQLError ? error : undefined;
  const cause = rootCause(error);
  if (cause instanceof ServerKitError) return publicError(place, cause.code, cause.message, cause.details);
  if (cause instanceof PothosValidationError) return publicError(place, 'INPUT_INVALID', cause.message);
  // Without a path nothing has run yet: the request itself is at fault.
  if (cause instanceof GraphQLError && place?.path === undefined) {
    // The outermost says where, the innermost only what.
    const said = (place ?? cause).message;
    const message = values.reduce((text, [pattern, rest]) => text.replace(pattern, rest), said);
    return publicError(place, 'QUERY_INVALID', message.replace(suggestion, ''));
  }
  if (isAbort(cause)) return publicError(place, 'CANCELLED', 'It was cancelled before anything was done.');
  if (isUnavailable(cause)) {
    log.error({ err: cause, path: place?.path }, 'the database did not answer');
    return publicError(
      place,
      'UNAVAILABLE',
      'The database does not answer right now. Try again in a moment.',
    );
  }
  const reference = randomText(10);
  log.error({ err: cause, path: place?.path, reference }, 'an operation failed');
  return publicError(
    place,
    'INTERNAL',
    `Something went wrong here. The log of ServerKit knows it as ${reference}.`,
    {
      reference,
    },
  );
}

/** What went through here once is not masked again. */
const masked = new WeakSet<GraphQLError>();

/** GraphQL wraps what a resolver throws, at times more than once. */
function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && !(cause instanceof PothosValidationError) && cause.originalError) {
    cause = cause.originalError;
  }
  return cause;
}

function publicError(
  place: GraphQLError | undefined,
  code: ErrorCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): GraphQLError {
  const error = new GraphQLError(message, {
    nodes: place?.nodes ?? null,
    source: place?.source,
    positions: place?.positions,
    path: place?.path,
    // Yoga reads `http` for the status of an answer, and takes it out.
    extensions: {
      ...details,
      code,
      ...(place?.extensions['http'] !== undefined && { http: place.extensions['http'] }),
    },
  });
  masked.add(error);
  return error;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Of Prisma, for a database that is away or busy. */
const awayOfPrisma = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2037']);
/**
 * SQLSTATE (PostgreSQL, appendix A) of one that cannot be reached (08), is full or out of something (53), starts or ends
 * (57P), fails below (58), or is a standby now (25006).
 */
const awayStates = /^(08|53|57P|58|25006)/;
const awayOfSystem = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** What a missing file has in common with a socket that is not there is the code, and not the call. */
const callsOfSockets = new Set<unknown>(['connect', 'getaddrinfo', 'read', 'write']);
/** What pg and its pool say without any code. */
const awayInWords =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

function isUnavailable(error: unknown): boolean {
  for (let one = error, depth = 0; isObject(one) && depth < 6; one = beneath(one), depth++) {
    if (one instanceof Error && awayInWords.test(one.message)) return true;
    // An adapter of Prisma keeps the database's own code beside its own.
    for (const code of [one['code'], one['originalCode']]) {
      if (typeof code !== 'string') continue;
      if (awayOfPrisma.has(code) || (code.length === 5 && awayStates.test(code))) return true;
      if (awayOfSystem.has(code) && callsOfSockets.has(one['syscall'])) return true;
    }
  }
  return false;
}

/**
 * What an error came from: a known one of Prisma keeps the adapter's in a place of its own, and a host with several
 * addresses has one for each.
 */
function beneath({ cause, meta, errors }: Record<string, unknown>): unknown {
  if (cause !== undefined) return cause;
  if (isObject(meta)) return meta['driverAdapterError'];
  return Array.isArray(errors) ? errors[0] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { ServerKitError, type ErrorCode } from '../errors.ts';
import { randomText } from '../ids.ts';

/** Whoever asks about the schema by guessing is told nothing (`Did you mean "secretField"?`). */
const suggestion = / Did you mean .*\?$/;

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
    return publicError(place, 'QUERY_INVALID', cause.message.replace(suggestion, ''));
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

/** Prisma's and PostgreSQL's codes for a database that is away, starting or ending. */
const awayCodes = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '08001',
]);

function isUnavailable(error: unknown): boolean {
  for (let one = error, depth = 0; one instanceof Error && depth < 4; one = one.cause, depth++) {
    if ('code' in one && typeof one.code === 'string' && awayCodes.has(one.code)) return true;
  }
  return false;
}

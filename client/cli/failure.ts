import { ServerKitApiError, ServerKitConnectionError } from '../src/node.ts';

/** What the process ends with; documented in the README. */
export const exitCodes = {
  ok: 0,
  /** It was understood and could not be done. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Not signed in, or without the scope it takes. */
  denied: 3,
  /** No connection to the control plane. */
  unreachable: 4,
  /** ^C: 128 and the number of the signal, as shells have it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A failure in one sentence that says what to do. */
export class Failure extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exitCodes.failed) {
    super(message);
    this.name = 'Failure';
    this.exitCode = exitCode;
  }
}

export const usage = (message: string): Failure => new Failure(message, exitCodes.usage);

/** The sentence and the exit code for whatever was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof ServerKitConnectionError) {
    const hint =
      error.code === 'TLS_UNTRUSTED'
        ? ' Sign in again with --fingerprint or --ca: serverkit login --help.'
        : '';
    return new Failure(error.message + hint, exitCodes.unreachable);
  }
  if (error instanceof ServerKitApiError) {
    if (error.code === 'UNAUTHENTICATED') {
      return new Failure(
        'The token is not valid, or not any more. Sign in again: serverkit login.',
        exitCodes.denied,
      );
    }
    const denied = error.code === 'PERMISSION_DENIED';
    return new Failure(error.message, denied ? exitCodes.denied : exitCodes.failed);
  }
  return new Failure(error instanceof Error ? error.message : String(error));
}

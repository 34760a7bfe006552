import type { AgentErrorCode } from '@serverkit/wire/errors.ts';
import { GraphQLError } from 'graphql';

/**
 * A failure that the control plane may be told about, with a code of the closed set in `wire/errors.ts`.
 * Whatever else a resolver throws is masked as AGENT_INTERNAL by the executor, so the message must be fit
 * for a person and free of secrets. The `cause` stays on this host, for the log.
 */
export class AgentError extends GraphQLError {
  readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, cause?: unknown) {
    super(message, { extensions: { code } });
    this.code = code;
    if (cause !== undefined) this.cause = cause;
  }
}

/**
 * Call it just before a side effect: a command whose caller has left must not happen any more.
 *
 * @throws AgentError CANCELLED
 */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted)
    throw new AgentError('CANCELLED', 'The operation was cancelled before it did anything.');
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A one-line description of anything that was thrown, for logs on this host. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What went wrong, in a whole sentence, for others to follow. */
export function sentenceOf(error: unknown): string {
  return (error instanceof AgentError ? error.message : unexpected(error)).replace(/[.]?$/, '.');
}

/** What may be told of what nobody expected: that a disk is full everybody can mend, the rest is for the log. */
export function unexpected(error: unknown): string {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? 'The disk of this server that the agent writes to is full.'
    : 'The agent failed unexpectedly; its log says why.';
}

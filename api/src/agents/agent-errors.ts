import type { GraphQLFormattedError } from 'graphql';
import { isAgentErrorCode, type AgentErrorCode } from '@serverkit/wire/errors.ts';
import type { Scope } from '@serverkit/wire/scopes.ts';
import { ServerKitError, type ErrorCode } from '../errors.ts';

const codes: Readonly<Record<AgentErrorCode, ErrorCode>> = {
  SIGNATURE_INVALID: 'AGENT_PROTOCOL_ERROR',
  ENVELOPE_MISMATCH: 'AGENT_PROTOCOL_ERROR',
  ENVELOPE_EXPIRED: 'AGENT_TIMEOUT',
  ENVELOPE_REPLAYED: 'AGENT_PROTOCOL_ERROR',
  SCOPE_DENIED: 'AGENT_REFUSED',
  PRIVILEGE_NEEDED: 'PERMISSION_DENIED',
  POLICY_DENIED: 'AGENT_REFUSED',
  DOCUMENT_INVALID: 'AGENT_PROTOCOL_ERROR',
  INPUT_INVALID: 'INPUT_INVALID',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  DOCKER_UNAVAILABLE: 'DOCKER_UNAVAILABLE',
  DOCKER_ERROR: 'DOCKER_ERROR',
  COMPOSE_UNAVAILABLE: 'COMPOSE_UNAVAILABLE',
  GIT_UNAVAILABLE: 'GIT_UNAVAILABLE',
  GIT_ERROR: 'GIT_ERROR',
  RESULT_TOO_LARGE: 'RESULT_TOO_LARGE',
  TOO_MANY_OPERATIONS: 'TOO_MANY_OPERATIONS',
  CANCELLED: 'CANCELLED',
  AGENT_INTERNAL: 'AGENT_FAILED',
};

/** Which containers need it, only the agent can tell, and it has looked at all of what was asked. */
const privileged = 'docker:containers:privileged' satisfies Scope;

/**
 * What an agent said went wrong, in our words for codes and its own for the rest. Its text is shown to people, so it
 * is cut and cleared of control characters.
 */
export function fromAgent(errors: readonly GraphQLFormattedError[]): ServerKitError {
  const [first] = errors;
  const code = first?.extensions?.['code'];
  if (!first || !isAgentErrorCode(code)) return protocolError('it answered an error without a known code');
  return new ServerKitError(codes[code], presentable(first.message), {
    details: { agentCode: code, ...(code === 'PRIVILEGE_NEEDED' && { scope: privileged }) },
  });
}

/** Control, format and separator characters and lone surrogates: nothing to show, and nothing the database takes. */
const unpresentable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** Text of an agent, fit to be shown and stored: at most 1000 characters on one line. */
export function presentable(text: string): string {
  return text.slice(0, 1000).replace(unpresentable, ' ').trim();
}

export function protocolError(why: string, cause?: unknown): ServerKitError {
  return new ServerKitError(
    'AGENT_PROTOCOL_ERROR',
    `The agent answered something ServerKit cannot use: ${presentable(why)}. Update the agent, and look at its log.`,
    { cause },
  );
}

export function agentOffline(name: string, since?: Date | null): ServerKitError {
  const when = since ? ` since ${since.toISOString()}` : '';
  return new ServerKitError(
    'AGENT_OFFLINE',
    `The agent of ${name} is offline${when}; nothing was sent. On the server, see "serverkit-agent status", or start it with "systemctl start serverkit-agent".`,
    { details: { serverName: name, ...(since && { since: since.toISOString() }) } },
  );
}

export function agentTimeout(ms: number): ServerKitError {
  return new ServerKitError(
    'AGENT_TIMEOUT',
    `The agent did not answer within ${Math.round(ms / 1000)} seconds. It may be busy; try again.`,
  );
}

export function linkBroke(sent: boolean): ServerKitError {
  return sent
    ? new ServerKitError(
        'OUTCOME_UNKNOWN',
        'The link to the agent broke before it answered. Look at the server again once it is back.',
      )
    : new ServerKitError('AGENT_OFFLINE', 'The link to the agent broke; nothing was sent.');
}

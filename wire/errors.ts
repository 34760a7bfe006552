/**
 * The closed set of codes an agent answers with in `extensions.code`. Anything else an agent throws is
 * masked as `AGENT_INTERNAL` before it leaves the host.
 */
export const agentErrorCodes = [
  /** The envelope is absent, unreadable, unsigned or signed by a key that is not pinned. */
  'SIGNATURE_INVALID',
  /** The envelope belongs to another session, agent or message. */
  'ENVELOPE_MISMATCH',
  /** The envelope's time to live passed before it was run. */
  'ENVELOPE_EXPIRED',
  /** The envelope's id was seen before in this session. */
  'ENVELOPE_REPLAYED',
  /** The operation was authorised with less than the field needs. */
  'SCOPE_DENIED',
  /** What was asked reaches beyond the container, and the operation was not authorised with docker:containers:privileged. */
  'PRIVILEGE_NEEDED',
  /** The agent's own configuration forbids it; only someone on the host can change that. */
  'POLICY_DENIED',
  /** The document does not fit the agent's schema, or exceeds its limits. */
  'DOCUMENT_INVALID',
  'INPUT_INVALID',
  'NOT_FOUND',
  'CONFLICT',
  'DOCKER_UNAVAILABLE',
  'DOCKER_ERROR',
  /** There is no Docker Compose on this host, or none that can be run. */
  'COMPOSE_UNAVAILABLE',
  /** There is no Git on this host, or no ssh for it. */
  'GIT_UNAVAILABLE',
  /** A repository could not be read; why stands in the message. */
  'GIT_ERROR',
  'RESULT_TOO_LARGE',
  'TOO_MANY_OPERATIONS',
  /** The operation was cancelled before its side effect. */
  'CANCELLED',
  'AGENT_INTERNAL',
] as const;

export type AgentErrorCode = (typeof agentErrorCodes)[number];

const known: ReadonlySet<string> = new Set<string>(agentErrorCodes);

export function isAgentErrorCode(value: unknown): value is AgentErrorCode {
  return typeof value === 'string' && known.has(value);
}

/** Why a link was closed, as WebSocket close codes (RFC 6455 §7.4.2 leaves 4000–4999 to applications). */
export const linkCloseCodes = {
  /** The challenge was not answered with a valid signature. */
  unauthorized: 4401,
  /** The server was deleted or its agent revoked. Do not come back. */
  revoked: 4403,
  /** A newer link of the same agent took over. */
  replaced: 4409,
  /** Two machines hold the same key. */
  cloned: 4410,
  /** The scopes or keys changed; connect again to take them over. */
  refresh: 4412,
  /** The peer broke the protocol. */
  protocol: 4400,
  /** The peer sent nothing for too long. */
  silent: 4408,
} as const;

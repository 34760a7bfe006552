import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { DocumentNode } from 'graphql';
import type { AgentHello } from '@serverkit/wire/handshake.ts';
import type { Scope } from '@serverkit/wire/scopes.ts';
import type { ServerKitError } from '../errors.ts';

/** On whose behalf, with what rights and until when an operation is sent to an agent. */
export interface Call {
  /** Written into the agent's own audit: a user's id, or `system`. */
  readonly actor: string;
  /** The least scopes the operation needs; the agent checks every field against them. */
  readonly scopes: readonly Scope[];
  /** How long the agent may wait before it starts. Milliseconds. @default 30_000 */
  readonly ttlMs?: number;
  /** How long to wait for the answer. Milliseconds. @default 30_000 */
  readonly timeoutMs?: number;
  /** Cancels the operation on the agent. */
  readonly signal?: AbortSignal;
  /** The message id; a command uses its own so that its outcome can be asked for later. */
  readonly id?: string;
}

/** What a subscription to an agent reports. `end` is called exactly once; nothing follows it. */
export interface StreamSink<Result> {
  next(data: Result): void;
  /** Without an error the agent said that the stream is complete. */
  end(error?: ServerKitError): void;
}

/** A running subscription on an agent. */
export interface AgentStream {
  readonly id: string;
  /** Lets a bulk stream send that many bytes more. */
  grant(bytes: number): void;
  /** Ends it on the agent; `end` of its sink is not called any more. */
  stop(): void;
}

/** The one live link of a server, from its handshake to its close. */
export interface AgentLink {
  readonly serverId: string;
  /** The server's key in the metrics tables. */
  readonly serverNumber: number;
  /** Only the holder of the newest epoch may ingest or route. */
  readonly epoch: number;
  readonly hello: AgentHello;
  /** The raw public key that the agent proved itself with. */
  readonly agentKey: Uint8Array;
  /** Granted to the server and allowed by its agent. */
  readonly scopes: ReadonlySet<Scope>;
  /** Aborted when the link ends. */
  readonly closed: AbortSignal;

  /**
   * Runs a query or mutation. Results are checked against the contract before they are trusted.
   *
   * @throws ServerKitError AGENT_OFFLINE when nothing was sent, AGENT_TIMEOUT, OUTCOME_UNKNOWN when the link broke
   *   after sending, AGENT_PROTOCOL_ERROR, UNSUPPORTED_BY_AGENT, or what the agent answered
   */
  run<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
    call: Call,
  ): Promise<Result>;

  subscribe<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
    call: Call,
    sink: StreamSink<Result>,
  ): AgentStream;

  /** @throws ServerKitError UNSUPPORTED_BY_AGENT, or AGENT_OFFLINE when the link has ended */
  ensure(document: DocumentNode): void;

  /** @param code - one of `linkCloseCodes`, or 1012 while draining */
  close(code: number, reason: string): void;
}

/** Which agents are linked now. */
export interface Agents {
  get(serverId: string): AgentLink | undefined;
  /** @throws ServerKitError AGENT_OFFLINE */
  require(serverId: string): AgentLink;
  all(): Iterable<AgentLink>;
  /**
   * Called with every link once it is verified and claimed; the listener watches `link.closed` itself.
   *
   * @returns stops listening
   */
  onUp(listener: (link: AgentLink) => void): () => void;
}

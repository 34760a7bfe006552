import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { DocumentNode, GraphQLFormattedError } from 'graphql';
import { createClient, type Client, type SubscribePayload } from 'graphql-ws';
import type WebSocket from 'ws';
import { publicKeyFromRaw, toBase64Url, type SigningKey } from '@serverkit/wire/bytes.ts';
import { sealEnvelope, type Envelope } from '@serverkit/wire/envelope.ts';
import { linkCloseCodes } from '@serverkit/wire/errors.ts';
import {
  ackTimeoutMs,
  contractVersion,
  makeLinkInit,
  maxFrameBytes,
  sessionIdOf,
  verifyLinkAck,
  type AgentHello,
  type LinkFacts,
} from '@serverkit/wire/handshake.ts';
import { intersect, isAgentScope, type Scope } from '@serverkit/wire/scopes.ts';
import { isServerKitError, ServerKitError } from '../errors.ts';
import type { Introduction } from '../secrets/identity-keys.ts';
import { agentTimeout, fromAgent, linkBroke, protocolError } from './agent-errors.ts';
import { ContractViolation } from './checks.ts';
import { dialedSocketClass } from './dialed-socket.ts';
import { Unsupported, type Contracts, type PreparedDocument } from './documents.ts';
import { parseHello } from './hello.ts';
import type { AgentLink, AgentStream, Call, StreamSink } from './link.ts';
import { createReceipts, type Receipts } from './receipts.ts';

export interface HandshakeOptions {
  readonly socket: WebSocket;
  readonly server: { readonly id: string; readonly number: number; readonly scopes: readonly string[] };
  readonly agentId: string;
  readonly agentKey: Buffer;
  /** The nonce of the upgrade request. */
  readonly agentNonce: string;
  readonly introduction: Introduction;
  readonly contracts: Contracts;
  /** How long the agent may take to answer the challenge. Milliseconds. @default 15_000 */
  readonly ackTimeoutMs?: number;
}

/** A link whose other side has proven itself; it becomes usable once its epoch is claimed. */
export interface ProvenLink {
  readonly hello: AgentHello;
  /** Makes it the server's link. @param epoch - claimed in the database */
  claim(epoch: number): AgentLink;
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: unknown;
}

interface Operation {
  sent: boolean;
  fail(error: ServerKitError): void;
}

/**
 * Runs the control plane's half of the handshake on a socket that an agent dialed: sends a fresh challenge, and
 * believes nothing until the agent's signature over the same transcript has come back.
 *
 * @throws ServerKitError UNAUTHENTICATED when the other side is not that agent; the socket is closed then
 */
export function handshake(options: HandshakeOptions): Promise<ProvenLink> {
  const { socket, server, agentId, agentKey, agentNonce, contracts } = options;
  const { key, keySets } = options.introduction;
  publicKeyFromRaw(agentKey);
  const facts: LinkFacts = {
    agentKey,
    controlKey: key.publicRaw,
    agentId,
    serverId: server.id,
    contract: contractVersion,
    agentNonce,
    challenge: toBase64Url(randomBytes(32)),
    scopes: server.scopes,
  };
  const operations = new Map<string, Operation>();
  const ids = new WeakMap<SubscribePayload, string>();
  const receipts = createReceipts(socket);

  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const refuse = (code: number, why: string): void => {
      socket.close(code, why);
      reject(new ServerKitError('UNAUTHENTICATED', why));
    };
    const client = createClient({
      url: 'dialed',
      webSocketImpl: dialedSocketClass(socket, inspect, (id) => {
        const operation = operations.get(id);
        if (operation) operation.sent = true;
      }),
      lazy: false,
      onNonLazyError: () => undefined,
      retryAttempts: 0,
      shouldRetry: () => false,
      keepAlive: 0,
      connectionAckWaitTimeout: options.ackTimeoutMs ?? ackTimeoutMs,
      connectionParams: () => ({
        ...makeLinkInit(key, facts),
        ...(keySets.length > 0 ? { keySets } : {}),
      }),
      generateID: (payload) => ids.get(payload) ?? toBase64Url(randomBytes(12)),
      on: {
        connected: (_socket, payload) => {
          const hello = parseHello(verifyLinkAck(payload, facts));
          if (!hello) return refuse(linkCloseCodes.unauthorized, 'The agent could not prove itself');
          if (!contracts.speaks(hello.contract)) {
            return refuse(
              linkCloseCodes.protocol,
              `Agent contract ${hello.contract} is not served; update the agent`,
            );
          }
          const wires = {
            socket,
            client,
            ids,
            operations,
            receipts,
            facts,
            key,
            contracts,
            startedAt,
            server,
          };
          resolve({ hello, claim: (epoch) => createLink(wires, hello, epoch) });
        },
      },
    });
    socket.once('close', () =>
      reject(new ServerKitError('UNAUTHENTICATED', 'The agent left during the handshake')),
    );
  });

  /** A malformed answer ends the operation it names; what names none ends the link. */
  function inspect(message: unknown, bytes: number): boolean {
    if (!isRecord(message) || typeof message['type'] !== 'string') {
      socket.close(linkCloseCodes.protocol, 'Not a message of this protocol');
      return false;
    }
    const { type, id, payload } = message;
    if (type === 'ping') {
      // graphql-ws would send the payload back, and queue it however slowly the agent reads.
      if (socket.bufferedAmount < maxQueuedForPong) socket.send('{"type":"pong"}', () => undefined);
      return false;
    }
    if (type !== 'next' && type !== 'error' && type !== 'complete') return true;
    // Whoever it was for, and even if nobody wants it any more: it is off the link.
    if (type === 'next') receipts.took(bytes);
    const operation = typeof id === 'string' ? operations.get(id) : undefined;
    if (!operation) return false;
    const fits = type === 'complete' || (type === 'next' ? isRecord(payload) : isErrorList(payload));
    if (!fits) operation.fail(protocolError(`a malformed "${type}" message`));
    return fits;
  }
}

/** While more than this waits for an agent to read it, its pings are not answered. Bytes. */
const maxQueuedForPong = 64 * 1024;

interface Wires {
  readonly socket: WebSocket;
  readonly client: Client;
  readonly ids: WeakMap<SubscribePayload, string>;
  readonly operations: Map<string, Operation>;
  readonly receipts: Receipts;
  readonly facts: LinkFacts;
  readonly key: SigningKey;
  readonly contracts: Contracts;
  readonly startedAt: number;
  readonly server: HandshakeOptions['server'];
}

function createLink(wires: Wires, hello: AgentHello, epoch: number): AgentLink {
  const { socket, client, ids, operations, receipts, facts, key, contracts, startedAt, server } = wires;
  const sessionId = sessionIdOf(facts);
  const closed = new AbortController();
  if (socket.readyState === socket.OPEN) socket.once('close', () => closed.abort());
  else closed.abort();

  function prepare(document: DocumentNode): PreparedDocument {
    if (closed.signal.aborted || socket.readyState !== socket.OPEN) throw linkBroke(false);
    try {
      return contracts.prepare(document, hello.contract);
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      throw new ServerKitError(
        'UNSUPPORTED_BY_AGENT',
        `The agent (version ${hello.version}) is too old for this: it lacks ${error.missing}. Update the agent on the server.`,
        { details: { missing: error.missing, agentVersion: hello.version } },
      );
    }
  }

  function seal(
    id: string,
    { query, operationName }: PreparedDocument,
    variables: unknown,
    call: Call,
  ): SubscribePayload {
    const envelope: Envelope = {
      v: 1,
      keyId: key.id,
      sessionId,
      id,
      agentId: facts.agentId,
      sessionMs: Math.round(performance.now() - startedAt),
      ttlMs: call.ttlMs ?? defaultTtlMs,
      actor: call.actor,
      scopes: call.scopes,
      query,
      operationName,
      variables: isRecord(variables) ? variables : {},
    };
    const serverkit = sealEnvelope(key, envelope);
    if (serverkit.payload.length > maxFrameBytes - frameOverheadBytes) {
      // The agent would have to drop the link, and everyone's operations with it.
      throw new ServerKitError('INPUT_INVALID', 'This is too much for one message to an agent; send less.');
    }
    const payload: SubscribePayload = { query: '', extensions: { serverkit } };
    ids.set(payload, id);
    return payload;
  }

  /** Starts an operation; `end` is called exactly once. */
  function start(
    prepared: PreparedDocument,
    variables: unknown,
    call: Call,
    sink: { next(data: unknown): void; end(error?: ServerKitError): void },
  ): AgentStream & { readonly operation: Operation } {
    const id = call.id ?? toBase64Url(randomBytes(12));
    let ended = false;
    const payload = seal(id, prepared, variables, call);
    const operation: Operation = { sent: false, fail: (error) => end(error) };
    operations.set(id, operation);
    let unsubscribe = (): void => undefined;
    const cancel = (): void => end(new ServerKitError('CANCELLED', 'The operation was cancelled.'));
    call.signal?.addEventListener('abort', cancel, { once: true });

    unsubscribe = client.subscribe(payload, {
      next: (result) => accept(result),
      error: (error) => end(errorOf(error, operation.sent)),
      complete: () => end(),
    });
    if (ended) unsubscribe();
    if (call.signal?.aborted) cancel();
    return { id, operation, stop: () => settle(), grant };

    function accept(result: Answer): void {
      if (ended) return;
      const { errors } = result;
      if (errors !== undefined) {
        return end(isErrorList(errors) ? fromAgent(errors) : protocolError('its errors are no errors'));
      }
      try {
        prepared.check(result.data);
      } catch (error) {
        return end(
          error instanceof ContractViolation
            ? protocolError(error.message)
            : protocolError('its result', error),
        );
      }
      try {
        sink.next(result.data);
      } catch (error) {
        // Thrown on, one result that nobody expected would end every operation of the link.
        end(
          isServerKitError(error)
            ? error
            : new ServerKitError('INTERNAL', 'A result of the agent could not be used.', { cause: error }),
        );
      }
    }

    function settle(): boolean {
      if (ended) return false;
      ended = true;
      operations.delete(id);
      call.signal?.removeEventListener('abort', cancel);
      unsubscribe();
      return true;
    }

    function end(error?: ServerKitError): void {
      if (settle()) sink.end(error);
    }

    function grant(bytes: number): void {
      if (!ended) receipts.grant(id, bytes);
    }
  }

  return {
    serverId: server.id,
    serverNumber: server.number,
    epoch,
    hello,
    agentKey: facts.agentKey,
    scopes: new Set<Scope>(intersect(server.scopes, hello.localScopes).filter(isAgentScope)),
    closed: closed.signal,
    run<Result, Variables>(document: TypedDocumentNode<Result, Variables>, variables: Variables, call: Call) {
      const timeoutMs = call.timeoutMs ?? defaultTimeoutMs;
      return new Promise<Result>((resolve, reject) => {
        let answer: { data: Result } | undefined;
        let timer: NodeJS.Timeout | undefined;
        let ended = false;
        const { operation } = start(prepare(document), variables, call, {
          next(data) {
            if (answer) return operation.fail(protocolError('it answered twice'));
            // The compiled check has just made sure that the data is what the document's type says.
            answer = { data: checked<Result>(data) };
          },
          end(error) {
            ended = true;
            clearTimeout(timer);
            if (error) reject(error);
            else if (answer) resolve(answer.data);
            else reject(protocolError('it completed without a result'));
          },
        });
        if (!ended) timer = setTimeout(() => operation.fail(agentTimeout(timeoutMs)), timeoutMs);
      });
    },
    subscribe<Result, Variables>(
      document: TypedDocumentNode<Result, Variables>,
      variables: Variables,
      call: Call,
      sink: StreamSink<Result>,
    ) {
      return start(prepare(document), variables, call, {
        next: (data) => sink.next(checked<Result>(data)),
        end: (error) => sink.end(error),
      });
    },
    ensure: (document) => void prepare(document),
    close: (code, reason) => socket.close(code, reason),
  };
}

/** What a frame holds besides the payload of its envelope: id, type and signature, generously. Bytes. */
const frameOverheadBytes = 1024;

const defaultTtlMs = 30_000;
const defaultTimeoutMs = 30_000;

/** The one place where a checked answer takes the type that its document promises. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller's document is where the type is from
function checked<Result>(data: unknown): Result;
function checked(data: unknown): unknown {
  return data;
}

function isErrorList(value: unknown): value is readonly GraphQLFormattedError[] {
  return Array.isArray(value) && value.length > 0 && value.every(isError);
}

function errorOf(error: unknown, sent: boolean): ServerKitError {
  return Array.isArray(error) ? fromAgent(error.filter(isError)) : linkBroke(sent);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isError(value: unknown): value is GraphQLFormattedError {
  if (!isRecord(value) || typeof value['message'] !== 'string') return false;
  return value['extensions'] === undefined || isRecord(value['extensions']);
}

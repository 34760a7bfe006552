import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import * as z from 'zod';
import { generateSigningKey, toBase64Url, type SigningKey } from '@serverkit/wire/bytes.ts';
import type { PinnedKey } from '@serverkit/wire/control-keys.ts';
import { sealEnvelope, type Envelope, type SignedEnvelope } from '@serverkit/wire/envelope.ts';
import {
  contractVersion,
  makeLinkInit,
  sessionIdOf,
  subprotocol,
  upgradeHeaders,
  verifyLinkAck,
  type LinkFacts,
  type LinkInit,
} from '@serverkit/wire/handshake.ts';
import type { LinkIdentity } from '../../agent/src/link/link.ts';
import { within } from '../../testing/events.ts';
import { createInbox, type Inbox, type Message } from './inbox.ts';

/** A control plane made by hand: it holds the right keys and does with them whatever a test wants. */
export interface RawControlPlane extends AsyncDisposable {
  readonly url: string;
  /** The identity of an agent that registered with it. */
  readonly identity: LinkIdentity;
  readonly keys: Readonly<Record<PinnedKey['use'] | 'stranger', SigningKey>>;
  /** The next time the agent calls. */
  call(): Promise<AgentCall>;
  /** The next time the agent calls, through the handshake. */
  link(scopes?: readonly string[]): Promise<RawLink>;
  /** Answers the next call with these bytes instead of an upgrade. Resolves when that has happened. */
  answerNextWith(text: string): Promise<void>;
}

/** One connection of the agent, on which nothing was said yet. */
export interface AgentCall {
  readonly socket: WebSocket;
  readonly wire: Socket;
  readonly inbox: Inbox;
  /** What this side would sign to prove itself. */
  readonly facts: Omit<LinkFacts, 'controlKey'>;
  send(message: unknown): void;
  init(init: unknown): void;
  ended(): Promise<{ readonly code: number; readonly reason: string }>;
}

export interface RawLink extends AgentCall {
  readonly sessionId: string;
  /** An operation as the agent would accept it, but for the changes. */
  envelope(changes?: Partial<Record<keyof Envelope, unknown>>): Envelope;
  /** Sends it under its own id, or another. @returns the id of the message */
  operate(signed: SignedEnvelope | undefined, id: string, beside?: Record<string, unknown>): string;
  /** Seals with the session's key and sends. */
  run(changes: Partial<Record<keyof Envelope, unknown>>): string;
  /** The answer: data, or the code of the error. */
  answer(id: string): Promise<{ readonly data?: unknown; readonly code?: string | undefined }>;
}

const answerShape = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).optional(),
});
const errorShape = z.array(z.object({ extensions: z.object({ code: z.string() }) }));

export async function openRawControlPlane(): Promise<RawControlPlane> {
  const keys = {
    current: generateSigningKey(),
    next: generateSigningKey(),
    recovery: generateSigningKey(),
    stranger: generateSigningKey(),
  };
  const pin = (use: PinnedKey['use']): PinnedKey => ({
    id: keys[use].id,
    use,
    publicKey: toBase64Url(keys[use].publicRaw),
  });
  const identity: LinkIdentity = {
    agentId: 'agt_test',
    serverId: 'srv_test',
    key: generateSigningKey(),
    controlKeys: [pin('current'), pin('next'), pin('recovery')],
  };
  const calls: AgentCall[] = [];
  const waiting: ((call: AgentCall) => void)[] = [];
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol });
  const odd: ((socket: Socket) => void)[] = [];
  http.on('upgrade', (request, socket: Socket, head) => {
    const answer = odd.shift();
    if (answer) answer(socket);
    else sockets.handleUpgrade(request, socket, head, (accepted) => take(accepted, request));
  });
  const take = (socket: WebSocket, request: IncomingMessage): void => {
    const call = takeCall(socket, request, identity);
    const waiter = waiting.shift();
    if (waiter) waiter(call);
    else calls.push(call);
  };
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  const port = typeof address === 'object' && address ? address.port : 0;

  const plane: RawControlPlane = {
    url: `http://127.0.0.1:${port}`,
    identity,
    keys,
    answerNextWith: (text) =>
      within(
        new Promise((resolve) =>
          odd.push((socket) => {
            socket.end(text);
            resolve();
          }),
        ),
        'the next call',
      ),
    call() {
      const known = calls.shift();
      if (known) return Promise.resolve(known);
      return within(new Promise<AgentCall>((resolve) => waiting.push(resolve)), 'a call of the agent');
    },
    async link(scopes = ['*']) {
      const call = await plane.call();
      const facts = { ...call.facts, scopes };
      call.init(makeLinkInit(keys.current, facts));
      const agreed: LinkFacts = { ...facts, controlKey: keys.current.publicRaw };
      const ack = await call.inbox.next('connection_ack');
      if (!verifyLinkAck(ack.payload, agreed)) throw new Error('the agent did not prove itself');
      return openRawLink(call, agreed, keys.current);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
  return plane;
}

function takeCall(socket: WebSocket, request: IncomingMessage, identity: LinkIdentity): AgentCall {
  const inbox = createInbox(socket);
  socket.on('error', () => undefined);
  const ended = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  const call: AgentCall = {
    socket,
    wire: request.socket,
    inbox,
    facts: {
      agentKey: identity.key.publicRaw,
      agentId: identity.agentId,
      serverId: identity.serverId,
      contract: contractVersion,
      agentNonce: String(request.headers[upgradeHeaders.nonce]),
      challenge: toBase64Url(randomBytes(32)),
      scopes: ['*'],
    },
    send: (message) => socket.send(JSON.stringify(message)),
    init: (init) => call.send({ type: 'connection_init', payload: init }),
    ended: () => within(ended, 'the end of the call'),
  };
  return call;
}

function openRawLink(call: AgentCall, facts: LinkFacts, key: SigningKey): RawLink {
  const sessionId = sessionIdOf(facts);
  let operations = 0;
  const link: RawLink = {
    ...call,
    sessionId,
    envelope: (changes = {}) => {
      const envelope = {
        v: 1,
        keyId: key.id,
        sessionId,
        id: `op-${(operations += 1)}`,
        agentId: facts.agentId,
        sessionMs: 0,
        ttlMs: 30_000,
        actor: 'usr_test',
        scopes: ['*'],
        query: '{ ping }',
        operationName: null,
        variables: {},
        ...changes,
      };
      return envelopeShape.parse(envelope);
    },
    operate(signed, id, beside = {}) {
      call.send({
        type: 'subscribe',
        id,
        payload: { query: '', extensions: { serverkit: signed }, ...beside },
      });
      return id;
    },
    run(changes) {
      const envelope = link.envelope(changes);
      return link.operate(sealEnvelope(key, envelope), envelope.id);
    },
    async answer(id) {
      return readAnswer(await call.inbox.next(['next', 'error'], id));
    },
  };
  return link;
}

function readAnswer({ type, payload }: Message): { data?: unknown; code?: string | undefined } {
  if (type === 'error') return { code: errorShape.parse(payload)[0]?.extensions.code };
  const { data, errors } = answerShape.parse(payload);
  return errors ? { data, code: errors[0]?.extensions.code } : { data };
}

/** Whatever a test put in: the types of a hostile message are its own affair. */
const envelopeShape = z.custom<Envelope>((value) => typeof value === 'object' && value !== null);

/** An init with changes made after it was signed. */
export function altered(init: LinkInit, changes: Readonly<Record<string, unknown>>): unknown {
  return { ...init, ...changes };
}

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';
import * as z from 'zod';
import { publicKeyFromRaw } from '@serverkit/wire/bytes.ts';
import { openEnvelope, type Envelope } from '@serverkit/wire/envelope.ts';
import {
  contractVersion,
  signLinkAck,
  makeUpgradeProof,
  subprotocol,
  upgradeHeaders,
  verifyLinkInit,
  type AgentHello,
  type LinkFacts,
} from '@serverkit/wire/handshake.ts';
import type { LinkIdentity } from '../../agent/src/link/link.ts';
import { within } from '../../testing/events.ts';
import { createInbox, type Inbox, type Message } from './inbox.ts';
import { addressHeader } from './rig.ts';

/** An agent made by hand: it knows the keys and the wire, and says whatever a test wants it to say. */
export interface RawAgent extends Disposable {
  readonly socket: WebSocket;
  readonly inbox: Inbox;
  /** The headers it came in with. */
  readonly shown: UpgradeHeaders;
  /** What the control plane sent first. */
  readonly init: unknown;
  /** What both sides agreed on; the handshake's signatures cover it. */
  readonly facts: LinkFacts;
  /** Waits for the end of the link. */
  ended(): Promise<{ readonly code: number; readonly reason: string }>;
  send(message: unknown): void;
  /** Frames as they are. */
  sendRaw(frame: string | Buffer): void;
  acknowledge(hello?: Partial<Record<keyof AgentHello, unknown>>): void;
  /** The next operation the control plane sends, opened. */
  operation(): Promise<Envelope>;
}

export interface RawOptions {
  /** Where it is said to come from. */
  readonly address?: string;
  readonly headers?: UpgradeHeaders;
  readonly protocol?: string;
}

const goodHello: AgentHello = {
  v: 1,
  version: '0.0.0-raw',
  contract: contractVersion,
  facts: {},
  capabilities: [],
  localScopes: ['*'],
  scopeMode: 'local',
  machineId: 'machine-raw',
  wallMs: 0,
};

/** The text of a hello with anything in it: what a hostile agent may well sign. */
export function helloWith(changes: Partial<Record<keyof AgentHello, unknown>> = {}): string {
  return JSON.stringify({ ...goodHello, wallMs: Date.now(), ...changes });
}

/** What an agent shows to be let in; seen by everyone on the way. */
export type UpgradeHeaders = Readonly<Record<string, string>>;

function headersOf(identity: LinkIdentity, nonce: Uint8Array): UpgradeHeaders {
  const proof = makeUpgradeProof(identity.key, identity.agentId, nonce, Date.now());
  return {
    [upgradeHeaders.agentId]: proof.agentId,
    [upgradeHeaders.time]: proof.time,
    [upgradeHeaders.nonce]: proof.nonce,
    [upgradeHeaders.signature]: proof.signature,
  };
}

function upgrade(
  url: string,
  headers: UpgradeHeaders,
  { address, protocol, ...options }: RawOptions,
): WebSocket {
  return new WebSocket(`${url.replace('http', 'ws')}/agent/ws`, protocol ?? subprotocol, {
    perMessageDeflate: false,
    headers: {
      ...headers,
      ...(address === undefined ? {} : { [addressHeader]: address }),
      ...options.headers,
    },
  });
}

/** Knocks without coming in. @returns the HTTP status of the answer; 101 when the door was opened */
export async function knock(url: string, identity: LinkIdentity, options: RawOptions = {}): Promise<number> {
  const socket = upgrade(url, headersOf(identity, randomBytes(32)), options);
  const opened = once(socket, 'open').then(() => 101);
  const refused = new Promise<number>((resolve) =>
    socket.once('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    }),
  );
  socket.on('error', () => undefined);
  opened.catch(() => undefined);
  const status = await within(Promise.race([opened, refused]), 'an answer to the upgrade');
  socket.terminate();
  return status;
}

/** Connects and waits for the challenge, which it does not answer yet. */
export async function dialRaw(
  url: string,
  identity: LinkIdentity,
  options: RawOptions = {},
): Promise<RawAgent> {
  const shown = { ...headersOf(identity, randomBytes(32)), ...options.headers };
  const socket = upgrade(url, shown, options);
  const inbox = createInbox(socket);
  socket.on('error', () => undefined);
  const closed = closeOf(socket);
  const init = (await inbox.next('connection_init')).payload;
  const facts = verifyLinkInit(
    init,
    {
      agentKey: identity.key.publicRaw,
      agentId: identity.agentId,
      serverId: identity.serverId,
      agentNonce: shown[upgradeHeaders.nonce] ?? '',
    },
    identity.controlKeys,
  );
  if (!facts) throw new Error('the control plane under test did not prove itself');
  const controlKey = publicKeyFromRaw(facts.controlKey);

  const agent: RawAgent = {
    socket,
    inbox,
    shown,
    init,
    facts,
    ended: () => within(closed, 'the end of the raw link'),
    send: (message) => socket.send(JSON.stringify(message)),
    sendRaw: (frame) => socket.send(frame),
    acknowledge(hello) {
      agent.send({ type: 'connection_ack', payload: signLinkAck(identity.key, facts, helloWith(hello)) });
    },
    async operation() {
      const envelope = openEnvelope(signedOf(await inbox.next('subscribe')), controlKey);
      if (!envelope) throw new Error('the operation is not signed by the control plane');
      return envelope;
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
  return agent;
}

function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
}

const subscribePayload = z.object({ extensions: z.object({ serverkit: z.unknown() }) });

/** `extensions.serverkit` of a subscribe message. */
export function signedOf({ payload }: Message): unknown {
  return subscribePayload.parse(payload).extensions.serverkit;
}

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { keyIdOf } from '@serverkit/wire/bytes.ts';
import { parsePinnedHint } from '@serverkit/wire/control-keys.ts';
import { linkCloseCodes } from '@serverkit/wire/errors.ts';
import { maxFrameBytes, subprotocol, upgradeHeaders, type UpgradeProof } from '@serverkit/wire/handshake.ts';
import type { Audit } from '../audit/service.ts';
import type { RequestFacts } from '../http/exchange.ts';
import { isServerKitError } from '../errors.ts';
import { presentable } from './agent-errors.ts';
import { handshake, type ProvenLink } from './agent-link.ts';
import type { Contracts } from './documents.ts';
import { isAlive } from './ping.ts';
import type { Liveness } from './liveness.ts';
import type { Claim, KnownAgent, LinkRecords } from './records.ts';
import { keyOf, type LetIn, type Recogniser } from './recognise.ts';
import type { ControlPlaneKeys } from '../secrets/identity-keys.ts';
import type { Registry } from './registry.ts';
import { createSignatureThrottle } from './signature-throttle.ts';
import { createTurns } from './turns.ts';

export interface AcceptOptions {
  readonly registry: Registry;
  readonly records: LinkRecords;
  readonly liveness: Liveness;
  readonly contracts: Contracts;
  readonly audit: Audit;
  readonly log: Logger;
  readonly keys: Pick<ControlPlaneKeys, 'introductionTo'>;
  readonly recogniser: Recogniser;
  /** Called after the server's state changed. */
  readonly changed: (serverId: string) => void;
  /** A server whose agent said it will be right back. */
  readonly expectBack: (serverId: string) => void;
  /** How long an agent may take to answer the challenge. Milliseconds. @default 15_000 */
  readonly ackTimeoutMs?: number;
  /** How long the agent in place may take to show that it lives when another claims its place. Milliseconds. @default 3_000 */
  readonly aliveWithinMs?: number;
}

export interface Acceptor {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, facts: RequestFacts): void;
  /** Closes every socket of a server's agents, also those still in their handshake. */
  cut(serverId: string, code: number, reason: string): void;
  /** Refuses new links and closes those there are with 1012, so that agents come back soon. */
  drain(): Promise<void>;
}

/** A socket on its way to becoming a link. */
interface Arrival {
  readonly socket: WebSocket;
  readonly wire: Duplex;
  readonly agent: KnownAgent;
  readonly how: LetIn;
  readonly nonce: string;
  /** What it says it pinned. */
  readonly pinned: string;
  readonly address: string;
}

/** Takes the sockets that agents dial and turns each into the one link of its server, or refuses it. */
export function createAcceptor(options: AcceptOptions): Acceptor {
  const { registry, records, recogniser, liveness, audit, log } = options;
  const throttle = createSignatureThrottle();
  const turns = createTurns();
  const sockets = createSocketServer();
  const arrivals = new Set<Arrival>();
  const closing = new Set<Promise<void>>();
  let draining = false;

  async function admit(
    request: IncomingMessage,
    address: string,
  ): Promise<Pick<Arrival, 'agent' | 'how'> | Refusal> {
    if (draining) return stopping;
    const proof = proofOf(request);
    if (!proof) return { status: 400, why: 'The headers of an agent are missing' };
    if (!offersProtocol(request)) return { status: 400, why: `Only ${subprotocol} is spoken here` };
    if (throttle.blocked(address, proof.agentId)) return { status: 429, why: 'Too many failed signatures' };
    const agent = await records.find(proof.agentId);
    if (draining) return stopping;
    const how = agent && (await recogniser.recognise(agent, proof, header(request, upgradeHeaders.chain)));
    if (agent && how && how.as !== 'retired' && how.as !== 'nobody') return { agent, how };
    if (agent && how?.as === 'retired') await reportRetired(agent, how.since, address);
    unproven(address, proof.agentId, agent);
    // Whether the agent is unknown or its key wrong is nobody's business.
    return { status: 401, why: 'No such agent, or not its key' };
  }

  /** Only a copy can still hold a key that was replaced: of the machine as it once was, or of the key alone. */
  async function reportRetired(agent: KnownAgent, since: Date, address: string): Promise<void> {
    audit.refused({
      actor: { kind: 'agent', id: agent.agentId, label: agent.name, address },
      action: 'agent.connect',
      code: 'CLONED',
      serverId: agent.serverId,
    });
    const when = since.toISOString();
    await records.setError(
      agent.serverId,
      `An agent called from ${address} with the key that was replaced at ${when}: a copy of the machine as it was then, or a stolen key. If this machine itself was put back to that time, register it anew.`,
    );
    options.changed(agent.serverId);
  }

  function unproven(address: string, agentId: string, agent: KnownAgent | null): void {
    throttle.failed(address, agentId);
    audit.refused({
      actor: { kind: 'anonymous', address },
      action: 'agent.connect',
      code: 'UNAUTHENTICATED',
      ...(agent ? { serverId: agent.serverId } : {}),
    });
  }

  async function accept(arrival: Arrival): Promise<void> {
    const { socket, wire, agent, address } = arrival;
    const watched = liveness.watch(socket, wire);
    const proven = await prove(arrival);
    throttle.succeeded(address, agent.agentId);
    // One at a time: two machines with one key must meet each other here, however close together they come.
    await turns.take(agent.serverId, () => claim(arrival, proven, watched));
  }

  async function prove({ socket, agent, how, nonce, pinned, address }: Arrival): Promise<ProvenLink> {
    try {
      return await handshake({
        socket,
        server: { id: agent.serverId, number: agent.serverNumber, scopes: agent.scopes },
        agentId: agent.agentId,
        agentKey: keyOf(agent, how),
        agentNonce: nonce,
        introduction: options.keys.introductionTo(parsePinnedHint(pinned)),
        contracts: options.contracts,
        ...(options.ackTimeoutMs === undefined ? {} : { ackTimeoutMs: options.ackTimeoutMs }),
      });
    } catch (error) {
      if (isServerKitError(error, 'UNAUTHENTICATED')) unproven(address, agent.agentId, agent);
      throw error;
    }
  }

  async function claim(
    arrival: Arrival,
    proven: ProvenLink,
    watched: { readonly verdict: string | undefined },
  ): Promise<void> {
    const { socket, agent, how, address } = arrival;
    const before = registry.get(agent.serverId);
    if (before && (await isAlive(before, options.aliveWithinMs))) {
      return refuseClone(arrival, before.hello.machineId === proven.hello.machineId);
    }
    // It gave up waiting for its turn.
    if (socket.readyState !== socket.OPEN) return;
    const claimed = await records.claim(agent, how, proven.hello, address);
    if (claimed === 'revoked') return socket.close(linkCloseCodes.revoked, 'This agent was revoked');
    if (claimed === 'changed') return socket.close(linkCloseCodes.refresh, 'The permissions or keys changed');
    before?.close(linkCloseCodes.replaced, 'A newer link of this agent took over');
    const link = proven.claim(claimed.epoch);
    const ended = (code: number, reason: string): void => {
      registry.remove(link);
      const end = finish(agent, claimed, code, watched.verdict ?? reason);
      closing.add(end);
      void end.finally(() => closing.delete(end));
    };
    if (isClosed(socket)) return ended(1006, '');
    socket.once('close', (code, reason) => ended(code, String(reason)));
    if (link.closed.aborted) return;
    registry.add(link);
    options.changed(agent.serverId);
    if (how.as !== 'current') {
      const [from, to] = [keyIdOf(agent.agentKey), keyIdOf(how.newKey)];
      log.info({ serverId: agent.serverId, from, to }, 'the key of an agent was replaced');
    }
    log.info(
      { serverId: agent.serverId, epoch: claimed.epoch, version: proven.hello.version },
      'agent online',
    );
  }

  async function finish(agent: KnownAgent, claimed: Claim, code: number, text: string): Promise<void> {
    const soon = code === 1012 || code === linkCloseCodes.refresh;
    const reason = presentable(text) || closeReasons[code] || `Closed with code ${code}`;
    try {
      const current = await records.end({
        ...claimed,
        serverId: agent.serverId,
        code,
        reason,
        connection: soon ? 'connecting' : 'offline',
      });
      log.info({ serverId: agent.serverId, epoch: claimed.epoch, code, reason }, 'agent link ended');
      if (!current) return;
      if (soon && !draining) options.expectBack(agent.serverId);
      options.changed(agent.serverId);
    } catch (error) {
      log.error({ err: error, serverId: agent.serverId }, 'the end of a link could not be stored');
    }
  }

  async function refuseClone({ socket, agent, address }: Arrival, sameMachine: boolean): Promise<void> {
    socket.close(linkCloseCodes.cloned, 'Another agent holds this key and is online');
    const who = sameMachine
      ? `A second agent with this agent's key called from ${address}: a copy of the machine, or the agent started twice.`
      : `A second machine (${address}) uses this agent's key.`;
    log.warn({ serverId: agent.serverId, address, sameMachine }, 'cloned agent refused');
    audit.refused({
      actor: { kind: 'agent', id: agent.agentId, label: agent.name, address },
      action: 'agent.connect',
      code: 'CLONED',
      serverId: agent.serverId,
    });
    await records.setError(agent.serverId, `${who} If that was not you, revoke the agent and register anew.`);
    options.changed(agent.serverId);
  }

  function arrive(arrival: Arrival): void {
    const { socket, agent, address } = arrival;
    arrivals.add(arrival);
    socket.once('close', () => arrivals.delete(arrival));
    socket.on('error', (error) => log.debug({ err: error, serverId: agent.serverId }, 'link error'));
    accept(arrival).catch((error: unknown) => {
      socket.close(linkCloseCodes.protocol, 'The handshake failed');
      log.warn({ err: error, serverId: agent.serverId, address }, 'agent handshake failed');
    });
  }

  return {
    upgrade(request, wire, head, { address }) {
      // Until `ws` takes it over, an error on the raw socket has no listener and would end the process.
      const ignore = (): void => undefined;
      wire.on('error', ignore);
      admit(request, address).then(
        (admitted) => {
          wire.off('error', ignore);
          if ('status' in admitted) return refuse(wire, admitted);
          const nonce = header(request, upgradeHeaders.nonce);
          const pinned = header(request, upgradeHeaders.pinned);
          sockets.handleUpgrade(request, wire, head, (socket) =>
            arrive({ socket, wire, ...admitted, nonce, pinned, address }),
          );
        },
        (error: unknown) => {
          log.error({ err: error }, 'an agent could not be looked up');
          refuse(wire, { status: 503, why: 'The database does not answer' });
        },
      );
    },
    cut(serverId, code, reason) {
      for (const { socket, agent } of arrivals) if (agent.serverId === serverId) socket.close(code, reason);
    },
    async drain() {
      draining = true;
      const gone = [...arrivals].map(
        ({ socket }) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
      );
      for (const { socket } of arrivals) socket.close(1012, 'The control plane restarts');
      await Promise.all(gone);
      await Promise.all(closing);
    },
  };
}

/** An agent that does not answer our close has this long before its socket is destroyed. Milliseconds. */
const closeTimeoutMs = 3_000;

function createSocketServer(): WebSocketServer {
  // The types of `ws` lack closeTimeout.
  const settings: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: maxFrameBytes,
    closeTimeout: closeTimeoutMs,
    handleProtocols: () => subprotocol,
  };
  return new WebSocketServer(settings);
}

function isClosed({ readyState, CLOSED }: WebSocket): boolean {
  return readyState === CLOSED;
}

function offersProtocol({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((name) => name.trim() === subprotocol);
}

const stopping: Refusal = { status: 503, why: 'The control plane is stopping' };

interface Refusal {
  readonly status: 400 | 401 | 429 | 503;
  readonly why: string;
}

const closeReasons: Readonly<Record<number, string>> = {
  1000: 'Closed',
  1001: 'The agent stopped',
  1005: 'Closed without a reason',
  1006: 'The connection was lost',
  1009: 'A message was too large',
  1012: 'Restarting',
};

const statusTexts = {
  400: 'Bad Request',
  401: 'Unauthorized',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

function refuse(socket: Duplex, { status, why }: Refusal): void {
  const body = `${why}\n`;
  socket.on('error', () => undefined);
  socket.end(
    `HTTP/1.1 ${status} ${statusTexts[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}

function proofOf(request: IncomingMessage): UpgradeProof | null {
  const proof: UpgradeProof = {
    agentId: header(request, upgradeHeaders.agentId),
    time: header(request, upgradeHeaders.time),
    nonce: header(request, upgradeHeaders.nonce),
    signature: header(request, upgradeHeaders.signature),
  };
  const { agentId, time, nonce, signature } = proof;
  const values = [agentId, time, nonce, signature];
  return values.every((value) => value !== '' && value.length <= 200) ? proof : null;
}

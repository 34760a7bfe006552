import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer, type WebSocket } from 'ws';
import { publicKeyFromRaw, type SigningKey } from '@serverkit/wire/bytes.ts';
import { linkCloseCodes } from '@serverkit/wire/errors.ts';
import {
  maxFrameBytes,
  subprotocol,
  upgradeHeaders,
  verifyUpgradeProof,
  type UpgradeProof,
} from '@serverkit/wire/handshake.ts';
import type { Audit } from '../audit/service.ts';
import type { RequestFacts } from '../http/exchange.ts';
import { handshake } from './agent-link.ts';
import type { Contracts } from './documents.ts';
import { isAlive } from './ping.ts';
import type { Liveness } from './liveness.ts';
import type { KnownAgent, LinkRecords } from './records.ts';
import type { Registry } from './registry.ts';
import { createSignatureThrottle } from './signature-throttle.ts';

export interface AcceptOptions {
  readonly registry: Registry;
  readonly records: LinkRecords;
  readonly liveness: Liveness;
  readonly contracts: Contracts;
  readonly audit: Audit;
  readonly log: Logger;
  readonly key: () => SigningKey;
  /** Called after the server's state changed. */
  readonly changed: (serverId: string) => void;
  /** A server whose agent said it will be right back. */
  readonly expectBack: (serverId: string) => void;
}

export interface Acceptor {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, facts: RequestFacts): void;
  /** Refuses new links and closes those there are with 1012, so that agents come back soon. */
  drain(): Promise<void>;
}

/** Takes the sockets that agents dial and turns each into the one link of its server, or refuses it. */
export function createAcceptor(options: AcceptOptions): Acceptor {
  const { registry, records, liveness, audit, log } = options;
  const throttle = createSignatureThrottle();
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    clientTracking: true,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
  const closing = new Set<Promise<void>>();
  let draining = false;

  async function admit(request: IncomingMessage, address: string): Promise<KnownAgent | Refusal> {
    if (draining) return { status: 503, why: 'The control plane is stopping' };
    const proof = proofOf(request);
    if (!proof) return { status: 400, why: 'The headers of an agent are missing' };
    if (throttle.blocked(address, proof.agentId)) return { status: 429, why: 'Too many failed signatures' };
    const agent = await records.find(proof.agentId);
    if (agent && verifyUpgradeProof(proof, publicKeyFromRaw(agent.agentKey))) return agent;
    throttle.failed(address, proof.agentId);
    audit.refused({
      actor: { kind: 'anonymous', address },
      action: 'agent.connect',
      code: 'UNAUTHENTICATED',
      ...(agent ? { serverId: agent.serverId } : {}),
    });
    // Whether the agent is unknown or its key wrong is nobody's business.
    return { status: 401, why: 'No such agent, or not its key' };
  }

  async function accept(
    socket: WebSocket,
    agent: KnownAgent,
    agentNonce: string,
    address: string,
  ): Promise<void> {
    const watched = liveness.watch(socket);
    const proven = await handshake({
      socket,
      server: { id: agent.serverId, number: agent.serverNumber, scopes: agent.scopes },
      agentId: agent.agentId,
      agentKey: agent.agentKey,
      agentNonce,
      key: options.key(),
      contracts: options.contracts,
    });
    const before = registry.get(agent.serverId);
    if (before && (await isAlive(before))) return refuseClone(socket, agent, address);
    const claim = await records.claim(agent, proven.hello, address);
    if (!claim) return socket.close(linkCloseCodes.revoked, 'This agent was revoked');
    before?.close(linkCloseCodes.replaced, 'A newer link of this agent took over');
    const link = proven.claim(claim.epoch);
    socket.once('close', (code, reason) => {
      registry.remove(link);
      const end = finish(agent, claim, code, watched.silent ? 'Silent for too long' : String(reason));
      closing.add(end);
      void end.finally(() => closing.delete(end));
    });
    if (link.closed.aborted) return;
    registry.add(link);
    options.changed(agent.serverId);
    log.info({ serverId: agent.serverId, epoch: claim.epoch, version: proven.hello.version }, 'agent online');
  }

  async function finish(
    agent: KnownAgent,
    claim: { linkId: string; epoch: number },
    code: number,
    text: string,
  ): Promise<void> {
    const soon = code === 1012 || code === linkCloseCodes.refresh;
    const reason = text || closeReasons[code] || `Closed with code ${code}`;
    try {
      const current = await records.end({
        ...claim,
        serverId: agent.serverId,
        code,
        reason,
        connection: soon ? 'connecting' : 'offline',
      });
      log.info({ serverId: agent.serverId, epoch: claim.epoch, code, reason }, 'agent link ended');
      if (!current) return;
      if (soon && !draining) options.expectBack(agent.serverId);
      options.changed(agent.serverId);
    } catch (error) {
      log.error({ err: error, serverId: agent.serverId }, 'the end of a link could not be stored');
    }
  }

  async function refuseClone(socket: WebSocket, agent: KnownAgent, address: string): Promise<void> {
    socket.close(linkCloseCodes.cloned, 'Another machine holds this key and is online');
    const message = `A second machine (${address}) uses this agent's key. Revoke the agent and register both anew.`;
    log.warn({ serverId: agent.serverId, address }, 'cloned agent refused');
    audit.refused({
      actor: { kind: 'agent', id: agent.agentId, label: agent.name, address },
      action: 'agent.connect',
      code: 'CLONED',
      serverId: agent.serverId,
    });
    await records.setError(agent.serverId, message);
    options.changed(agent.serverId);
  }

  return {
    upgrade(request, socket, head, { address }) {
      // Until `ws` takes it over, an error on the raw socket has no listener and would end the process.
      const ignore = (): void => undefined;
      socket.on('error', ignore);
      admit(request, address).then(
        (admitted) => {
          socket.off('error', ignore);
          if ('status' in admitted) return refuse(socket, admitted);
          sockets.handleUpgrade(request, socket, head, (accepted) => {
            accepted.on('error', (error) =>
              log.debug({ err: error, serverId: admitted.serverId }, 'link error'),
            );
            accept(accepted, admitted, header(request, upgradeHeaders.nonce), address).catch(
              (error: unknown) => {
                accepted.close(linkCloseCodes.protocol, 'The handshake failed');
                log.warn({ err: error, serverId: admitted.serverId, address }, 'agent handshake failed');
              },
            );
          });
        },
        (error: unknown) => {
          log.error({ err: error }, 'an agent could not be looked up');
          refuse(socket, { status: 503, why: 'The database does not answer' });
        },
      );
    },
    async drain() {
      draining = true;
      for (const client of sockets.clients) client.close(1012, 'The control plane restarts');
      await Promise.all(
        [...sockets.clients].map(
          (client) =>
            new Promise<void>((resolve) =>
              client.readyState === 3 ? resolve() : client.once('close', () => resolve()),
            ),
        ),
      );
      await Promise.all(closing);
    },
  };
}

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
  return Object.values(proof).every((value) => value !== '' && value.length <= 200) ? proof : null;
}

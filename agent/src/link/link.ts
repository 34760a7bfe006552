import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { GraphQLSchema } from 'graphql';
import WebSocket from 'ws';
import type { SigningKey } from '@serverkit/wire/bytes.ts';
import { linkCloseCodes } from '@serverkit/wire/errors.ts';
import {
  ackTimeoutMs,
  initTimeoutMs,
  makeLinkAck,
  makeUpgradeProof,
  maxFrameBytes,
  pingEveryMs,
  silenceLimitMs,
  subprotocol,
  upgradeHeaders,
  verifyLinkInit,
  type AgentHello,
  type PinnedKey,
} from '@serverkit/wire/handshake.ts';
import { toBase64Url } from '@serverkit/wire/bytes.ts';
import type { AgentServices } from '../context.ts';
import { describe } from '../errors.ts';
import { createBackoff } from './backoff.ts';
import { createExecutor, type Executor } from './execute.ts';
import { serve } from './serve.ts';
import { createSession } from './session.ts';
import type { Endpoint } from './endpoint.ts';

/** Who this agent is to its control plane; kept from registration. */
export interface LinkIdentity {
  readonly agentId: string;
  readonly serverId: string;
  readonly key: SigningKey;
  readonly controlKeys: readonly PinnedKey[];
}

export interface LinkOptions {
  readonly endpoint: Endpoint;
  readonly identity: LinkIdentity;
  readonly schema: GraphQLSchema;
  readonly services: AgentServices;
  readonly hello: () => AgentHello;
  readonly onState: (state: LinkState) => void;
}

export interface LinkState {
  readonly state: 'connecting' | 'online' | 'waiting' | 'stopped';
  /** Why the last link ended or could not be made. */
  readonly reason?: string;
  readonly retryInMs?: number;
}

export interface Link {
  /** Resolves when the link has ended for good: stopped, or the control plane revoked this agent. */
  readonly ended: Promise<'stopped' | 'revoked'>;
  stop(): void;
}

/** Keeps one link to the control plane up: dials, proves itself, serves, and dials again when it is lost. */
export function openLink(options: LinkOptions): Link {
  const { services, onState } = options;
  const stopping = new AbortController();
  const backoff = createBackoff();

  async function run(): Promise<'stopped' | 'revoked'> {
    while (!stopping.signal.aborted) {
      onState({ state: 'connecting' });
      const end = await dial(options, stopping.signal, () => {
        backoff.reset();
        onState({ state: 'online' });
      });
      if (stopping.signal.aborted) break;
      if (end.code === linkCloseCodes.revoked) {
        services.log.error(`the control plane revoked this agent: ${end.reason}`);
        onState({ state: 'stopped', reason: end.reason });
        return 'revoked';
      }
      // A control plane that drains or took new settings wants us back at once, yet not all of us together.
      const gentle = end.code === 1012 || end.code === linkCloseCodes.refresh;
      const retryInMs = gentle ? backoff.soon() : backoff.next();
      services.log.warn(`link lost: ${end.reason}; next try in ${Math.round(retryInMs)} ms`);
      onState({ state: 'waiting', reason: end.reason, retryInMs });
      await backoff.wait(retryInMs, stopping.signal);
    }
    onState({ state: 'stopped' });
    return 'stopped';
  }

  return { ended: run(), stop: () => stopping.abort() };
}

interface LinkEnd {
  readonly code: number;
  readonly reason: string;
}

/** One connection, from dialing to its end. Never throws: every way to fail is an end with a reason. */
function dial(options: LinkOptions, stop: AbortSignal, onOnline: () => void): Promise<LinkEnd> {
  const { endpoint, identity, schema, services } = options;
  const nonce = randomBytes(32);
  const proof = makeUpgradeProof(identity.key, identity.agentId, nonce, Date.now());
  const socket = new WebSocket(endpoint.url, subprotocol, {
    ...endpoint.tls,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    handshakeTimeout: ackTimeoutMs,
    headers: {
      [upgradeHeaders.agentId]: proof.agentId,
      [upgradeHeaders.time]: proof.time,
      [upgradeHeaders.nonce]: proof.nonce,
      [upgradeHeaders.signature]: proof.signature,
    },
  });
  let executor: Executor | undefined;

  const serving = serve({
    socket,
    initTimeoutMs,
    log: services.log,
    handshake(init) {
      const facts = verifyLinkInit(
        init,
        {
          agentKey: identity.key.publicRaw,
          agentId: identity.agentId,
          serverId: identity.serverId,
          agentNonce: toBase64Url(nonce),
        },
        identity.controlKeys,
      );
      if (!facts) return null;
      executor = createExecutor({
        schema,
        services,
        session: createSession(facts),
        roomToSend: () => serving.roomToSend(),
      });
      onOnline();
      return { ...makeLinkAck(identity.key, facts, options.hello()) };
    },
    executor() {
      if (!executor) throw new Error('no session before the handshake');
      return executor;
    },
  });

  return new Promise((resolve) => {
    let failure: string | undefined;
    const liveness = watch(socket);
    const leave = (): void => socket.close(1001, 'The agent stops');
    stop.addEventListener('abort', leave, { once: true });
    socket.on('error', (error) => {
      failure = endpoint.explain(error);
    });
    socket.on('unexpected-response', (request, response) => {
      failure = `the control plane answered HTTP ${response.statusCode ?? '?'}`;
      request.destroy();
      resolve(finish(1006, failure));
    });
    socket.once('close', (code, reason) => {
      resolve(finish(code, failure ?? (String(reason) || `closed with code ${code}`)));
    });

    function finish(code: number, reason: string): LinkEnd {
      liveness.stop();
      stop.removeEventListener('abort', leave);
      try {
        serving.closed(code, reason);
      } catch (error) {
        services.log.error(`closing the link: ${describe(error)}`);
      }
      return { code, reason };
    }
  });
}

/** Pings, and gives a silent socket up: TCP alone notices a vanished peer after minutes or hours. */
function watch(socket: WebSocket): { stop(): void } {
  let heardAt = performance.now();
  const heard = (): void => {
    heardAt = performance.now();
  };
  for (const event of ['message', 'ping', 'pong', 'open'] as const) socket.on(event, heard);
  const timer = setInterval(() => {
    if (performance.now() - heardAt > silenceLimitMs) socket.terminate();
    else if (socket.readyState === socket.OPEN) socket.ping();
  }, pingEveryMs / 2);
  return { stop: () => clearInterval(timer) };
}

import { randomBytes } from 'node:crypto';
import type { ClientRequestArgs } from 'node:http';
import { performance } from 'node:perf_hooks';
import WebSocket, { type ClientOptions } from 'ws';
import { formatChain } from '@serverkit/wire/agent-keys.ts';
import { toBase64Url } from '@serverkit/wire/bytes.ts';
import { followKeySets, formatPinnedHint } from '@serverkit/wire/control-keys.ts';
import {
  ackTimeoutMs,
  initTimeoutMs,
  makeLinkAck,
  makeUpgradeProof,
  maxFrameBytes,
  subprotocol,
  upgradeHeaders,
  verifyLinkInit,
  type AgentHello,
} from '@serverkit/wire/handshake.ts';
import type { AgentServices } from '../context.ts';
import { describe } from '../errors.ts';
import { printable } from '../printable.ts';
import type { Schemas } from './documents.ts';
import type { Endpoint } from './endpoint.ts';
import { createExecutor, type Executor } from './execute.ts';
import type { LinkKeys } from './link-keys.ts';
import { serve } from './serve.ts';
import { createSession } from './session.ts';
import { watch, type WatchPace } from './watch.ts';

export interface LinkPace extends WatchPace {
  /** How long the control plane may take to begin the handshake. @default 30_000 */
  readonly initTimeoutMs: number;
}

/** What one connection needs. */
export interface DialOptions {
  readonly endpoint: Endpoint;
  readonly keys: LinkKeys;
  readonly schemas: Schemas;
  readonly services: AgentServices;
  readonly hello: () => AgentHello;
  /** The control plane has proven itself. */
  readonly onProven: () => void;
  readonly pace?: Partial<LinkPace>;
}

/** A peer that does not answer our close has this long before the socket is destroyed. Milliseconds. */
const closeTimeoutMs = 3_000;

/** A link that stood this long was taken by the control plane, even if it had nothing to ask. Milliseconds. */
const settledMs = 30_000;

export interface LinkEnd {
  readonly code: number;
  readonly reason: string;
  /** The control plane had proven itself. */
  readonly proven: boolean;
  /** It also took us: it sent an operation, or let the link stand for a while. */
  readonly accepted: boolean;
  /** It, or somebody on the way, said that it does not know the key. */
  readonly unknownKey: boolean;
}

function shownIn(init: unknown): unknown {
  return typeof init === 'object' && init !== null && 'keySets' in init ? init.keySets : undefined;
}

/** What an agent pinned that registered before control planes said which set it is. */
const firstKeySet = { generation: 0, serial: 0 };

/** One connection, from dialing to its end. Never throws: every way to fail is an end with a reason. */
export function dial(options: DialOptions, stop: AbortSignal): Promise<LinkEnd> {
  const { endpoint, keys, schemas, services, pace = {} } = options;
  const identity = keys.offer();
  const pinned = { ...(identity.keySet ?? firstKeySet), keys: identity.controlKeys };
  const nonce = randomBytes(32);
  const proof = makeUpgradeProof(identity.key, identity.agentId, nonce, Date.now());
  // The types of `ws` lack closeTimeout.
  const settings: (ClientOptions | ClientRequestArgs) & { readonly closeTimeout: number } = {
    ...endpoint.tls,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    handshakeTimeout: ackTimeoutMs,
    closeTimeout: closeTimeoutMs,
    headers: {
      [upgradeHeaders.agentId]: proof.agentId,
      [upgradeHeaders.time]: proof.time,
      [upgradeHeaders.nonce]: proof.nonce,
      [upgradeHeaders.signature]: proof.signature,
      [upgradeHeaders.pinned]: formatPinnedHint(pinned),
      ...(identity.chain ? { [upgradeHeaders.chain]: formatChain(identity.chain) } : {}),
    },
  };
  const socket = new WebSocket(endpoint.url, subprotocol, settings);
  let executor: Executor | undefined;
  let provenAt: number | undefined;
  let accepted = false;

  const serving = serve({
    socket,
    initTimeoutMs: pace.initTimeoutMs ?? initTimeoutMs,
    log: services.log,
    handshake(init) {
      const believed = followKeySets(pinned, shownIn(init));
      const facts = verifyLinkInit(
        init,
        {
          agentKey: identity.key.publicRaw,
          agentId: identity.agentId,
          serverId: identity.serverId,
          agentNonce: toBase64Url(nonce),
        },
        believed.keys,
      );
      if (!facts) return null;
      keys.proven();
      keys.learn(believed);
      const session = createSession(
        facts,
        () => performance.now(),
        () => (accepted = true),
      );
      executor = createExecutor({
        schemas,
        services,
        session,
        roomToSend: (id, bytes) => serving.roomToSend(id, bytes),
      });
      provenAt = performance.now();
      options.onProven();
      return { ...makeLinkAck(identity.key, facts, { ...options.hello(), ...keys.report() }) };
    },
    executor() {
      if (!executor) throw new Error('no session before the handshake');
      return executor;
    },
  });

  return new Promise((resolve) => {
    let failure: string | undefined;
    let unknownKey = false;
    let ended: LinkEnd | undefined;
    const liveness = watch(socket, pace);
    const leave = (): void => socket.close(1001, 'The agent stops');
    stop.addEventListener('abort', leave, { once: true });
    socket.on('error', (error) => {
      failure = endpoint.explain(error);
    });
    socket.on('unexpected-response', (request, response) => {
      failure = `the control plane answered HTTP ${response.statusCode ?? '?'}`;
      unknownKey = response.statusCode === 401;
      resolve(finish(1006, failure));
      request.destroy();
    });
    socket.once('close', (code, reason) => {
      resolve(finish(code, failure ?? (printable(String(reason)) || `closed with code ${code}`)));
    });

    function finish(code: number, reason: string): LinkEnd {
      if (ended) return ended;
      liveness.stop();
      stop.removeEventListener('abort', leave);
      try {
        serving.closed(code, reason);
      } catch (error) {
        services.log.error(`closing the link: ${describe(error)}`);
      }
      const stood = provenAt === undefined ? 0 : performance.now() - provenAt;
      ended = {
        code,
        reason,
        proven: provenAt !== undefined,
        accepted: accepted || stood >= settledMs,
        unknownKey,
      };
      return ended;
    }
  });
}

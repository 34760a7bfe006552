import { createHmac, randomBytes } from 'node:crypto';
import WebSocket from 'ws';
import * as z from 'zod';
import { b64, newKey, raw, sha256, signedBy, transcript, type StrangerKey } from './stranger-bytes.ts';
import { followSets, idOf, makeStep, type Pinned } from './stranger-keys.ts';

/*
 * An agent written from wire/PROTOCOL.md alone: nothing here comes from the code of wire/ or agent/. It serves two
 * fields by hand. If it stops working, either the protocol was broken or its description is wrong.
 */

const replyShape = z.object({
  data: z.object({ registerAgent: z.object({ payload: z.string(), mac: z.string() }) }),
});
const answerShape = z.object({
  agentId: z.string(),
  serverId: z.string(),
  keys: z.array(z.object({ id: z.string(), use: z.string(), publicKey: z.string() })),
  keySet: z.object({ generation: z.number(), serial: z.number() }),
  scopes: z.array(z.string()),
});
const initShape = z.object({
  keyId: z.string(),
  serverId: z.string(),
  contract: z.string(),
  challenge: z.string(),
  scopes: z.array(z.string()),
  signature: z.string(),
  keySets: z.unknown().optional(),
});
const messageShape = z.object({
  type: z.string(),
  id: z.string().optional(),
  payload: z.unknown().optional(),
});
const subscribeShape = z.object({
  extensions: z.object({ serverkit: z.object({ payload: z.string(), sig: z.string() }) }),
});
const envelopeShape = z.object({
  v: z.literal(1),
  keyId: z.string(),
  sessionId: z.string(),
  id: z.string(),
  agentId: z.string(),
  query: z.string(),
  variables: z.object({ rotationId: z.string().optional() }),
});

/** §2 */
export async function registerStranger(url: string, token: string) {
  const [, tokenId = '', secret = ''] = /^sk_reg_([a-z0-9]{16})_(.{43})$/.exec(token) ?? [];
  const macKey = sha256(raw(secret));
  const mac = (data: Uint8Array): string => b64(createHmac('sha256', macKey).update(data).digest());
  const key = newKey();
  const [nonce, publicKey, facts] = [b64(randomBytes(32)), b64(key.publicRaw), '{}'];
  const t1 = transcript('serverkit.register.v1', [tokenId, nonce, publicKey, facts]);
  const input = { tokenId, nonce, publicKey, facts, signature: key.sign(t1), mac: mac(t1) };
  const query = 'mutation($input: RegisterAgentInput!) { registerAgent(input: $input) { payload mac } }';
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { payload, mac: proof } = replyShape.parse(await response.json()).data.registerAgent;
  if (proof !== mac(transcript('serverkit.registered.v1', [sha256(t1), payload])))
    throw new Error('not the control plane');
  const { agentId, serverId, keys, keySet, scopes } = answerShape.parse(JSON.parse(payload));
  const pin = (wanted: string): string => keys.find(({ use }) => use === wanted)?.publicKey ?? '';
  const pinned: Pinned = { ...keySet, current: pin('current'), next: pin('next'), recovery: pin('recovery') };
  return { agentId, serverId, scopes, key, pinned };
}

/** What the stranger keeps; both sides of it change. */
export interface Identity {
  readonly agentId: string;
  readonly serverId: string;
  readonly scopes: readonly string[];
  key: StrangerKey;
  pinned: Pinned;
  /** The key that is about to take the place of the one in use, until it has. */
  next?: { readonly rotationId: string; readonly key: StrangerKey } | undefined;
}

/** §3 to §6. @param answer - what the agent says to a query it was rightly sent */
export function connectStranger(
  url: string,
  identity: Identity,
  answer: (query: string) => unknown,
): WebSocket {
  const { agentId, serverId } = identity;
  const { key } = identity.next ?? identity;
  const [nonce, time] = [b64(randomBytes(32)), String(Date.now())];
  const socket = new WebSocket(`${url.replace('http', 'ws')}/agent/ws`, 'serverkit-agent.v1', {
    perMessageDeflate: false,
    headers: {
      'x-serverkit-agent': agentId,
      'x-serverkit-time': time,
      'x-serverkit-nonce': nonce,
      'x-serverkit-pinned': `${identity.pinned.generation}.${identity.pinned.serial}.${idOf(identity.pinned.current)}`,
      'x-serverkit-signature': key.sign(transcript('serverkit.upgrade.v1', [agentId, time, nonce])),
    },
  });
  let session: { readonly id: string; readonly controlKey: Buffer; readonly keyId: string } | undefined;
  const send = (message: unknown): void => socket.send(JSON.stringify(message));

  function shakeHands(payload: unknown): void {
    const init = initShape.parse(payload);
    const pinned = followSets(identity.pinned, init.keySets);
    const believed = [pinned.current, pinned.next].find((text) => idOf(text) === init.keyId);
    const controlKey = raw(believed ?? '');
    const t2 = transcript('serverkit.link.v1', [
      key.publicRaw,
      controlKey,
      agentId,
      serverId,
      init.contract,
      nonce,
      init.challenge,
      JSON.stringify(init.scopes),
    ]);
    if (!believed || init.serverId !== serverId || !signedBy(controlKey, t2, init.signature))
      return socket.close(4401);
    identity.pinned = pinned;
    session = { id: b64(sha256(t2)), controlKey, keyId: init.keyId };
    const hello = JSON.stringify({
      v: 1,
      version: 'stranger',
      contract: init.contract,
      facts: {},
      capabilities: [],
      localScopes: identity.scopes,
      scopeMode: 'local',
      machineId: 'elsewhere',
      wallMs: Date.now(),
      keySet: { generation: pinned.generation, serial: pinned.serial },
      ...(identity.next ? { keyRotation: identity.next.rotationId } : {}),
    });
    const signature = key.sign(transcript('serverkit.link.ack.v1', [sha256(t2), hello]));
    send({ type: 'connection_ack', payload: { payload: hello, signature } });
  }

  function changeKey(query: string, rotationId: string): unknown {
    if (query.includes('adoptKey') && identity.next?.rotationId === rotationId) {
      [identity.key, identity.next] = [identity.next.key, undefined];
      return { adoptKey: true };
    }
    identity.next = { rotationId, key: newKey() };
    return { rotateKey: makeStep(identity, rotationId, identity.key, identity.next.key) };
  }

  function run(id: string, payload: unknown): void {
    const { serverkit } = subscribeShape.parse(payload).extensions;
    const bytes = raw(serverkit.payload);
    const signed = Buffer.concat([Buffer.from('serverkit.operation.v1\0'), bytes]);
    if (!session || !signedBy(session.controlKey, signed, serverkit.sig)) return socket.close(4400);
    const envelope = envelopeShape.parse(JSON.parse(bytes.toString('utf8')));
    const mine =
      envelope.sessionId === session.id &&
      envelope.agentId === agentId &&
      envelope.id === id &&
      envelope.keyId === session.keyId;
    if (!mine) return socket.close(4400);
    const { rotationId } = envelope.variables;
    const data = rotationId === undefined ? answer(envelope.query) : changeKey(envelope.query, rotationId);
    send({ type: 'next', id, payload: { data } });
    send({ type: 'complete', id });
  }

  socket.on('error', () => undefined);
  socket.on('message', (data) => {
    const { type, id, payload } = messageShape.parse(
      JSON.parse(Buffer.isBuffer(data) ? data.toString('utf8') : ''),
    );
    if (type === 'connection_init') shakeHands(payload);
    else if (type === 'subscribe' && id !== undefined) run(id, payload);
  });
  return socket;
}

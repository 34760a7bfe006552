import {
  createHash,
  createHmac,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
  createPublicKey,
} from 'node:crypto';
import WebSocket from 'ws';
import * as z from 'zod';

/*
 * An agent written from wire/PROTOCOL.md alone: nothing here comes from the code of wire/ or agent/. It serves two
 * fields by hand. If it stops working, either the protocol was broken or its description is wrong.
 */

const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const raw = (text: string): Buffer => Buffer.from(text, 'base64url');
const sha256 = (bytes: string | Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** §1: label and fields, each behind its length as four bytes, big-endian. */
function transcript(label: string, fields: readonly (string | Uint8Array)[]): Buffer {
  const parts = [label, ...fields].flatMap((field) => {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const publicRaw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { publicRaw, sign: (data: Uint8Array) => b64(sign(null, data, privateKey)) };
}

function signedBy(publicRaw: Buffer, data: Uint8Array, signature: string): boolean {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicRaw]);
  return verify(null, data, createPublicKey({ key: der, format: 'der', type: 'spki' }), raw(signature));
}

const replyShape = z.object({
  data: z.object({ registerAgent: z.object({ payload: z.string(), mac: z.string() }) }),
});
const answerShape = z.object({
  agentId: z.string(),
  serverId: z.string(),
  keys: z.array(z.object({ id: z.string(), use: z.string(), publicKey: z.string() })),
  scopes: z.array(z.string()),
});
const initShape = z.object({
  keyId: z.string(),
  serverId: z.string(),
  contract: z.string(),
  challenge: z.string(),
  scopes: z.array(z.string()),
  signature: z.string(),
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
  return { key, ...answerShape.parse(JSON.parse(payload)) };
}

type Identity = Awaited<ReturnType<typeof registerStranger>>;

/** §3 and §4. @param answer - what the agent says to a query it was rightly sent */
export function connectStranger(
  url: string,
  identity: Identity,
  answer: (query: string) => unknown,
): WebSocket {
  const { key, agentId, serverId, keys } = identity;
  const [nonce, time] = [b64(randomBytes(32)), String(Date.now())];
  const socket = new WebSocket(`${url.replace('http', 'ws')}/agent/ws`, 'serverkit-agent.v1', {
    perMessageDeflate: false,
    headers: {
      'x-serverkit-agent': agentId,
      'x-serverkit-time': time,
      'x-serverkit-nonce': nonce,
      'x-serverkit-signature': key.sign(transcript('serverkit.upgrade.v1', [agentId, time, nonce])),
    },
  });
  let session: { readonly id: string; readonly controlKey: Buffer; readonly keyId: string } | undefined;
  const send = (message: unknown): void => socket.send(JSON.stringify(message));

  function shakeHands(payload: unknown): void {
    const init = initShape.parse(payload);
    const pinned = keys.find(({ id }) => id === init.keyId);
    const controlKey = raw(pinned?.publicKey ?? '');
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
    if (!pinned || init.serverId !== serverId || !signedBy(controlKey, t2, init.signature))
      return socket.close(4401);
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
    });
    const signature = key.sign(transcript('serverkit.link.ack.v1', [sha256(t2), hello]));
    send({ type: 'connection_ack', payload: { payload: hello, signature } });
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
    send({ type: 'next', id, payload: { data: answer(envelope.query) } });
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

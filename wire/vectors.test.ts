import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  approveSuccession,
  followChain,
  formatChain,
  makeSuccession,
  parseChain,
  verifySuccession,
} from './agent-keys.ts';
import { publicKeyFromRaw, signingKeyFromSeed, toBase64Url } from './bytes.ts';
import { followKeySets, formatPinnedHint, pinsOf, signKeySet, type KeySet } from './control-keys.ts';
import { openEnvelope, sealEnvelope, type Envelope } from './envelope.ts';
import {
  formatRegistrationToken,
  makeLinkAck,
  makeLinkInit,
  makeRegistrationReply,
  makeRegistrationRequest,
  makeUpgradeProof,
  parseRegistrationToken,
  sessionIdOf,
  verifyLinkAck,
  verifyLinkInit,
  verifyRegistrationReply,
  verifyRegistrationRequest,
  verifyUpgradeProof,
  type AgentHello,
  type LinkFacts,
  type RegistrationAnswer,
} from './handshake.ts';

/*
 * `vectors.json` lets a stranger check an implementation byte by byte. It is made here, from PROTOCOL.md alone and
 * without the code of this room, and what it holds must be what that code makes and accepts.
 *
 * UPDATE_VECTORS=1 npx vitest run wire/vectors.test.ts && npx prettier --write wire/vectors.json
 */
const file = new URL('vectors.json', import.meta.url);

// ─── From PROTOCOL.md ──────────────────────────────────────────────────────────────────────────────────

const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const hash = (bytes: string | Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function laidOut(label: string, ...fields: (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    [label, ...fields].flatMap((field) => {
      const bytes = Buffer.from(field);
      return [Buffer.from([0, 0, bytes.length >> 8, bytes.length & 0xff]), bytes];
    }),
  );
}

function keyFrom(seed: Buffer) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12);
  return {
    seed,
    raw,
    id: b64(hash(raw).subarray(0, 12)),
    sign: (data: Buffer) => b64(sign(null, data, key)),
  };
}

const agent = keyFrom(Buffer.alloc(32, 0x0a));
const control = keyFrom(Buffer.alloc(32, 0x0c));
const agentNonce = b64(Buffer.alloc(32, 0x11));
const challenge = b64(Buffer.alloc(32, 0x22));
const secret = Buffer.alloc(32, 0x5e);
const tokenId = 'k3v9x0m2p7q4w8z1';
const macKey = hash(secret);
const mac = (data: Buffer): string => b64(createHmac('sha256', macKey).update(data).digest());

const facts = '{"hostname":"web-1"}';
const registrationNonce = b64(Buffer.alloc(32, 0x33));
const registrationBytes = laidOut('serverkit.register.v1', tokenId, registrationNonce, b64(agent.raw), facts);
const request = {
  tokenId,
  nonce: registrationNonce,
  publicKey: b64(agent.raw),
  facts,
  signature: agent.sign(registrationBytes),
  mac: mac(registrationBytes),
};
const answer: RegistrationAnswer = {
  v: 1,
  agentId: 'agt_example',
  serverId: 'srv_example',
  name: 'web-1',
  keys: [{ id: control.id, use: 'current', publicKey: b64(control.raw) }],
  scopes: ['docker:*', 'system:metrics:read'],
};
const answerText = JSON.stringify(answer);
const replyBytes = laidOut('serverkit.registered.v1', hash(registrationBytes), answerText);

const time = '1763798400000';
const upgradeBytes = laidOut('serverkit.upgrade.v1', 'agt_example', time, agentNonce);

const scopes = ['docker:*', 'system:metrics:read'];
const linkBytes = laidOut(
  'serverkit.link.v1',
  agent.raw,
  control.raw,
  'agt_example',
  'srv_example',
  '1.0',
  agentNonce,
  challenge,
  JSON.stringify(scopes),
);
const sessionId = b64(hash(linkBytes));
const hello: AgentHello = {
  v: 1,
  version: '1.0.0',
  contract: '1.0',
  facts: {},
  capabilities: [],
  localScopes: ['docker:containers:read'],
  scopeMode: 'local',
  machineId: 'machine',
  wallMs: 1_763_798_400_000,
};
const helloText = JSON.stringify(hello);
const ackBytes = laidOut('serverkit.link.ack.v1', hash(linkBytes), helloText);

const envelope: Envelope = {
  v: 1,
  keyId: control.id,
  sessionId,
  id: 'cmd_example',
  agentId: 'agt_example',
  sessionMs: 1_500,
  ttlMs: 30_000,
  actor: 'usr_example',
  scopes: ['docker:containers:write'],
  query: 'mutation Stop($id: ID!) { stopContainer(id: $id) { id } }',
  operationName: 'Stop',
  variables: { id: 'f00d' },
};
const envelopeText = JSON.stringify(envelope);
const operationBytes = Buffer.concat([
  Buffer.from('serverkit.operation.v1'),
  Buffer.alloc(1),
  Buffer.from(envelopeText),
]);

const [nextControl, afterNext, recovery] = [0x0d, 0x0e, 0x0f].map((byte) => keyFrom(Buffer.alloc(32, byte)));
if (!nextControl || !afterNext || !recovery) throw new Error('three bytes, three keys');
const keySet = (current: Buffer, next: Buffer, serial: number): KeySet => ({
  v: 1,
  generation: 0,
  serial,
  current: b64(current),
  next: b64(next),
  recovery: b64(recovery.raw),
});
const pinnedSet = keySet(control.raw, nextControl.raw, 1_763_798_400_000);
const changedSet = keySet(nextControl.raw, afterNext.raw, 1_763_884_800_000);
const changedText = JSON.stringify(changedSet);
const keySetBytes = laidOut('serverkit.keyset.v1', changedText);

const newAgent = keyFrom(Buffer.alloc(32, 0x0b));
const stepBytes = laidOut(
  'serverkit.succession.v1',
  'agt_example',
  'srv_example',
  'rot_example',
  agent.raw,
  newAgent.raw,
);
const approvalBytes = laidOut('serverkit.succession.approved.v1', hash(stepBytes));
const step = {
  rotationId: 'rot_example',
  oldKey: b64(agent.raw),
  newKey: b64(newAgent.raw),
  signedByOld: agent.sign(stepBytes),
  signedByNew: newAgent.sign(stepBytes),
};
const approval = { keyId: control.id, signature: control.sign(approvalBytes) };

const vectors = {
  about:
    'Test vectors of ServerKit agent protocol v1; see PROTOCOL.md. Binary as base64url, transcripts as hex.',
  keys: {
    agent: { seed: b64(agent.seed), publicKey: b64(agent.raw), id: agent.id },
    control: { seed: b64(control.seed), publicKey: b64(control.raw), id: control.id },
    newAgent: { seed: b64(newAgent.seed), publicKey: b64(newAgent.raw), id: newAgent.id },
    nextControl: { seed: b64(nextControl.seed), publicKey: b64(nextControl.raw), id: nextControl.id },
  },
  registration: {
    token: `sk_reg_${tokenId}_${b64(secret)}`,
    macKey: b64(macKey),
    transcript: registrationBytes.toString('hex'),
    request,
    replyTranscript: replyBytes.toString('hex'),
    reply: { payload: answerText, mac: mac(replyBytes) },
  },
  upgrade: {
    transcript: upgradeBytes.toString('hex'),
    headers: {
      'x-serverkit-agent': 'agt_example',
      'x-serverkit-time': time,
      'x-serverkit-nonce': agentNonce,
      'x-serverkit-signature': agent.sign(upgradeBytes),
    },
  },
  link: {
    transcript: linkBytes.toString('hex'),
    sessionId,
    init: {
      v: 1,
      keyId: control.id,
      serverId: 'srv_example',
      contract: '1.0',
      challenge,
      scopes,
      signature: control.sign(linkBytes),
    },
    ackTranscript: ackBytes.toString('hex'),
    ack: { payload: helloText, signature: agent.sign(ackBytes) },
  },
  operation: {
    envelope: envelopeText,
    signedBytes: operationBytes.toString('hex'),
    serverkit: { payload: b64(Buffer.from(envelopeText)), sig: control.sign(operationBytes) },
  },
  keySet: {
    pinned: pinnedSet,
    pinnedHeader: `0.${pinnedSet.serial}.${control.id}`,
    transcript: keySetBytes.toString('hex'),
    signed: { payload: changedText, keyId: nextControl.id, signature: nextControl.sign(keySetBytes) },
  },
  rotation: {
    transcript: stepBytes.toString('hex'),
    step,
    approvalTranscript: approvalBytes.toString('hex'),
    approval,
    chainHeader: b64(Buffer.from(JSON.stringify([{ ...step, approval }]))),
  },
};

// ─── Against the code ──────────────────────────────────────────────────────────────────────────────────

describe('the test vectors', () => {
  const [agentKey, controlKey] = [signingKeyFromSeed(agent.seed), signingKeyFromSeed(control.seed)];
  const { registration, upgrade, link, operation } = vectors;

  it('are those of vectors.json', () => {
    if (process.env['UPDATE_VECTORS'] === '1') writeFileSync(file, `${JSON.stringify(vectors, null, 2)}\n`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(vectors);
  });

  it('name keys as the code does', () => {
    expect(vectors.keys.agent).toMatchObject({ id: agentKey.id, publicKey: toBase64Url(agentKey.publicRaw) });
    expect(vectors.keys.control).toMatchObject({
      id: controlKey.id,
      publicKey: toBase64Url(controlKey.publicRaw),
    });
  });

  it('register as the code does', () => {
    expect(formatRegistrationToken(tokenId, secret)).toBe(registration.token);
    const parsed = parseRegistrationToken(registration.token);
    expect(parsed).toEqual({ tokenId, macKey });
    const made = makeRegistrationRequest({ tokenId, macKey }, agentKey, Buffer.alloc(32, 0x33), facts);
    expect(made).toEqual(registration.request);
    expect(verifyRegistrationRequest(registration.request, macKey)).toBe(true);
    expect(makeRegistrationReply(made, macKey, answer)).toEqual(registration.reply);
    expect(verifyRegistrationReply(registration.request, macKey, registration.reply)).toBe(true);
  });

  it('knock as the code does', () => {
    const proof = makeUpgradeProof(agentKey, 'agt_example', Buffer.alloc(32, 0x11), Number(time));
    expect(Object.values(proof)).toEqual(Object.values(upgrade.headers));
    expect(verifyUpgradeProof(proof, publicKeyFromRaw(agent.raw))).toBe(true);
  });

  it('shake hands as the code does', () => {
    const own = { agentKey: agent.raw, agentId: 'agt_example', serverId: 'srv_example', agentNonce };
    const agreed: LinkFacts = { ...own, controlKey: control.raw, contract: '1.0', challenge, scopes };
    expect(makeLinkInit(controlKey, agreed)).toEqual(link.init);
    expect(verifyLinkInit(link.init, own, answer.keys)).toEqual(agreed);
    expect(sessionIdOf(agreed)).toBe(link.sessionId);
    expect(makeLinkAck(agentKey, agreed, hello)).toEqual(link.ack);
    expect(verifyLinkAck(link.ack, agreed)).toEqual(hello);
  });

  it('sign operations as the code does', () => {
    expect(sealEnvelope(controlKey, envelope)).toEqual(operation.serverkit);
    expect(openEnvelope(operation.serverkit, publicKeyFromRaw(control.raw))).toEqual(envelope);
  });

  it('change the control plane’s keys as the code does', () => {
    const { pinned, pinnedHeader, signed } = vectors.keySet;
    const { generation, serial } = pinned;
    const before = { generation, serial, keys: pinsOf(pinned) };
    expect(signKeySet(signingKeyFromSeed(nextControl.seed), changedSet)).toEqual(signed);
    expect(followKeySets(before, [signed])).toEqual({
      generation: 0,
      serial: changedSet.serial,
      keys: pinsOf(changedSet),
    });
    expect(formatPinnedHint(before)).toBe(pinnedHeader);
  });

  it('replace an agent’s key as the code does', () => {
    const owner = { agentId: 'agt_example', serverId: 'srv_example' };
    const { step: made, chainHeader } = vectors.rotation;
    expect(makeSuccession(owner, 'rot_example', agentKey, signingKeyFromSeed(newAgent.seed))).toEqual(made);
    expect(verifySuccession(owner, made)).toEqual(newAgent.raw);
    expect(approveSuccession(controlKey, owner, made)).toEqual(approval);
    expect(formatChain([{ ...made, approval }])).toBe(chainHeader);
    expect(followChain(owner, agent.raw, parseChain(chainHeader) ?? [], () => control.raw)).toHaveLength(1);
  });
});

import { describe, expect, it } from 'vitest';
import { generateSigningKey, publicKeyFromRaw, sha256, signBytes, toBase64Url } from './bytes.ts';
import type { PinnedKey } from './control-keys.ts';
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
} from './handshake.ts';

const agent = generateSigningKey();
const control = generateSigningKey();
const secret = { tokenId: 'abcdefghijklmnop', macKey: sha256(Buffer.alloc(32, 7)) };
const nonce = toBase64Url(Buffer.alloc(32, 1));

describe('a registration token', () => {
  const token = formatRegistrationToken('abcdefghijklmnop', Buffer.alloc(32, 7));

  it('names itself and gives the MAC key', () => {
    expect(parseRegistrationToken(`  ${token}\n`)).toEqual(secret);
  });

  it.each([
    '',
    'sk_reg_',
    token.slice(0, -1),
    `${token}A`,
    token.replace('sk_reg', 'sk_api'),
    token.toUpperCase(),
    `${token.slice(0, -1)}=`,
    token.replace('abcd', 'ABCD'),
    `x${token}`,
  ])('is not %j', (text) => {
    expect(parseRegistrationToken(text)).toBeNull();
  });
});

describe('a registration', () => {
  const request = makeRegistrationRequest(secret, agent, Buffer.alloc(32, 1), '{}');
  const answer = {
    v: 1,
    agentId: 'agt_1',
    serverId: 'srv_1',
    name: 'web-1',
    keys: [],
    scopes: ['docker:*'],
  } as const;
  const reply = makeRegistrationReply(request, secret.macKey, answer);

  it('proves both the token and the key', () => {
    expect(verifyRegistrationRequest(request, secret.macKey)).toBe(true);
    expect(verifyRegistrationRequest(request, Buffer.alloc(32))).toBe(false);
  });

  it.each(Object.keys(request))('does not with another %s', (field) => {
    const other = makeRegistrationRequest(
      { tokenId: 'ponmlkjihgfedcba', macKey: Buffer.alloc(32) },
      generateSigningKey(),
      Buffer.alloc(32, 2),
      '{"a":1}',
    );
    const mixed = {
      ...request,
      ...Object.fromEntries(Object.entries(other).filter(([name]) => name === field)),
    };
    expect(mixed).not.toEqual(request);
    expect(verifyRegistrationRequest(mixed, secret.macKey)).toBe(false);
  });

  it('is answered so that only this request’s agent takes the answer', () => {
    expect(verifyRegistrationReply(request, secret.macKey, reply)).toBe(true);
    const again = makeRegistrationRequest(secret, agent, Buffer.alloc(32, 2), '{}');
    expect(verifyRegistrationReply(again, secret.macKey, reply)).toBe(false);
    expect(verifyRegistrationReply(request, Buffer.alloc(32), reply)).toBe(false);
    const changed = { ...reply, payload: reply.payload.replace('docker:*', '*') };
    expect(verifyRegistrationReply(request, secret.macKey, changed)).toBe(false);
    // The request's own MAC is over other bytes: reflecting it proves nothing.
    expect(verifyRegistrationReply(request, secret.macKey, { ...reply, mac: request.mac })).toBe(false);
  });
});

describe('an upgrade', () => {
  it('proves the key over all it says', () => {
    const proof = makeUpgradeProof(agent, 'agt_1', Buffer.alloc(32, 1), 1_700_000_000_000);
    const key = publicKeyFromRaw(agent.publicRaw);
    expect(verifyUpgradeProof(proof, key)).toBe(true);
    expect(verifyUpgradeProof({ ...proof, agentId: 'agt_2' }, key)).toBe(false);
    expect(verifyUpgradeProof({ ...proof, time: '1' }, key)).toBe(false);
    expect(verifyUpgradeProof({ ...proof, nonce: toBase64Url(Buffer.alloc(32)) }, key)).toBe(false);
    expect(verifyUpgradeProof({ ...proof, nonce: toBase64Url(Buffer.alloc(16)) }, key)).toBe(false);
    expect(verifyUpgradeProof(proof, publicKeyFromRaw(control.publicRaw))).toBe(false);
  });
});

describe('the handshake of a link', () => {
  const facts: LinkFacts = {
    agentKey: agent.publicRaw,
    controlKey: control.publicRaw,
    agentId: 'agt_1',
    serverId: 'srv_1',
    contract: '1.0',
    agentNonce: nonce,
    challenge: toBase64Url(Buffer.alloc(32, 9)),
    scopes: ['docker:*'],
  };
  const own = { agentKey: agent.publicRaw, agentId: 'agt_1', serverId: 'srv_1', agentNonce: nonce };
  const pinned: PinnedKey[] = [{ id: control.id, use: 'current', publicKey: toBase64Url(control.publicRaw) }];
  const hello: AgentHello = {
    v: 1,
    version: '1.0.0',
    contract: '1.0',
    facts: {},
    capabilities: [],
    localScopes: ['*'],
    scopeMode: 'local',
    machineId: 'm',
    wallMs: 0,
  };

  it('ends with both sides agreeing on every fact', () => {
    const init = makeLinkInit(control, facts);
    const agreed = verifyLinkInit(JSON.parse(JSON.stringify(init)), own, pinned);
    expect(agreed).toEqual(facts);
    expect(verifyLinkAck(makeLinkAck(agent, facts, hello), facts)).toEqual(hello);
  });

  it('gives another session for each fact that differs', () => {
    const others: Partial<LinkFacts>[] = [
      { agentKey: control.publicRaw },
      { controlKey: agent.publicRaw },
      { agentId: 'agt_2' },
      { serverId: 'srv_2' },
      { contract: '1.1' },
      { agentNonce: toBase64Url(Buffer.alloc(32, 2)) },
      { challenge: toBase64Url(Buffer.alloc(32, 3)) },
      { scopes: ['docker:*', 'docker:*'] },
      { scopes: [] },
    ];
    const ids = [{}, ...others].map((other) => sessionIdOf({ ...facts, ...other }));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells a pinned key under another’s name from that key', () => {
    const init = makeLinkInit(control, facts);
    const stranger = generateSigningKey();
    expect(verifyLinkInit(init, own, [])).toBeNull();
    expect(
      verifyLinkInit(init, own, [
        { id: control.id, use: 'current', publicKey: toBase64Url(stranger.publicRaw) },
      ]),
    ).toBeNull();
  });

  it('keeps its two signatures apart: one is never taken for the other', () => {
    const init = makeLinkInit(control, facts);
    const reflected = { payload: JSON.stringify(hello), signature: init.signature };
    expect(verifyLinkAck(reflected, { ...facts, agentKey: control.publicRaw })).toBeNull();
  });

  it('takes no proof for an operation, and no operation for a proof', () => {
    const envelope: Envelope = {
      v: 1,
      keyId: control.id,
      sessionId: sessionIdOf(facts),
      id: '1',
      agentId: 'agt_1',
      sessionMs: 0,
      ttlMs: 1,
      actor: 'a',
      scopes: [],
      query: '{ ping }',
      operationName: null,
      variables: {},
    };
    const key = publicKeyFromRaw(control.publicRaw);
    const sealed = sealEnvelope(control, envelope);
    expect(openEnvelope(sealed, key)).toEqual(envelope);
    // The same bytes signed without the domain in front of them.
    const bytes = Buffer.from(JSON.stringify(envelope));
    const bare = { payload: sealed.payload, sig: toBase64Url(signBytes(control, bytes)) };
    expect(openEnvelope(bare, key)).toBeNull();
  });
});

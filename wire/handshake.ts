import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import {
  fromBase64Url,
  keyIdOf,
  publicKeyFromRaw,
  sha256,
  signBytes,
  toBase64Url,
  transcript,
  verifyBytes,
  type SigningKey,
} from './bytes.ts';
import type { KeySetVersion, PinnedKey, SignedKeySet } from './control-keys.ts';

/** The WebSocket subprotocol of the link. Its number changes only when old and new cannot talk. */
export const subprotocol = 'serverkit-agent.v1';

/** The contract this tree speaks: the minor grows with every addition to `agent.graphql`. */
export const contractVersion = '1.1';

/** The largest frame either side sends or accepts, in bytes. */
export const maxFrameBytes = 4 * 1024 * 1024;

/** WebSocket pings go out this often, and any byte counts as life. Milliseconds. */
export const pingEveryMs = 10_000;

/** After this much silence the other side is gone. Milliseconds. */
export const silenceLimitMs = 25_000;

/** How long the control plane waits for `connection_ack`, and the agent for `connection_init`. Milliseconds. */
export const ackTimeoutMs = 15_000;
export const initTimeoutMs = 30_000;

/** Bulk bytes (logs, terminals, copies) that may be under way on one link. */
export const bulkWindowBytes = 256 * 1024;

export const upgradeHeaders = {
  agentId: 'x-serverkit-agent',
  time: 'x-serverkit-time',
  nonce: 'x-serverkit-nonce',
  signature: 'x-serverkit-signature',
  /** A hint, not signed: the version of the pinned key set and its current key's id. */
  pinned: 'x-serverkit-pinned',
  /** The chain of the agent's keys, after a refusal: the control plane may know an older one. */
  chain: 'x-serverkit-chain',
} as const;

// ─── Registration ──────────────────────────────────────────────────────────────────────────────────────

const tokenPattern = /^sk_reg_([a-z0-9]{16})_([A-Za-z0-9_-]{43})$/;

/** True for text that may name a token: nothing else needs to be looked up. */
export function isRegistrationTokenId(text: string): boolean {
  return /^[a-z0-9]{16}$/.test(text);
}

export interface RegistrationSecret {
  readonly tokenId: string;
  /** SHA-256 of the secret: the MAC key, and all that the control plane keeps. */
  readonly macKey: Buffer;
}

export function formatRegistrationToken(tokenId: string, secret: Uint8Array): string {
  return `sk_reg_${tokenId}_${toBase64Url(secret)}`;
}

/** @returns null when the text is not a registration token */
export function parseRegistrationToken(token: string): RegistrationSecret | null {
  const match = tokenPattern.exec(token.trim());
  const secret = fromBase64Url(match?.[2], 32);
  if (!match?.[1] || !secret) return null;
  return { tokenId: match[1], macKey: sha256(secret) };
}

/** What an agent sends to register. All binary fields are unpadded base64url. */
export interface RegistrationRequest {
  readonly tokenId: string;
  /** 32 fresh bytes. */
  readonly nonce: string;
  /** Raw Ed25519 public key, 32 bytes. The private key never leaves the host. */
  readonly publicKey: string;
  /** Facts about the host as JSON text: signed as sent, parsed afterwards. */
  readonly facts: string;
  readonly signature: string;
  readonly mac: string;
}

/** What the control plane answers: JSON text and its MAC, bound to the request. */
export interface RegistrationReply {
  readonly payload: string;
  readonly mac: string;
}

/** The content of {@link RegistrationReply.payload}. */
export interface RegistrationAnswer {
  readonly v: 1;
  readonly agentId: string;
  readonly serverId: string;
  readonly name: string;
  readonly keys: readonly PinnedKey[];
  /** Which set the keys are; absent from a control plane that never changes its keys. */
  readonly keySet?: KeySetVersion;
  readonly scopes: readonly string[];
}

function registrationTranscript(request: Omit<RegistrationRequest, 'signature' | 'mac'>): Buffer {
  return transcript('serverkit.register.v1', [
    request.tokenId,
    request.nonce,
    request.publicKey,
    request.facts,
  ]);
}

function hmac(macKey: Uint8Array, data: Uint8Array): Buffer {
  return createHmac('sha256', macKey).update(data).digest();
}

function sameMac(expected: Buffer, given: unknown): boolean {
  const bytes = fromBase64Url(given, expected.length);
  return bytes !== null && timingSafeEqual(expected, bytes);
}

export function makeRegistrationRequest(
  token: RegistrationSecret,
  key: SigningKey,
  nonce: Uint8Array,
  facts: string,
): RegistrationRequest {
  const request = {
    tokenId: token.tokenId,
    nonce: toBase64Url(nonce),
    publicKey: toBase64Url(key.publicRaw),
    facts,
  };
  const signed = registrationTranscript(request);
  return {
    ...request,
    signature: toBase64Url(signBytes(key, signed)),
    mac: toBase64Url(hmac(token.macKey, signed)),
  };
}

/** Checks both proofs of a request: that the sender holds the token's secret, and the key it names. */
export function verifyRegistrationRequest(request: RegistrationRequest, macKey: Uint8Array): boolean {
  const signed = registrationTranscript(request);
  if (!sameMac(hmac(macKey, signed), request.mac)) return false;
  const key = fromBase64Url(request.publicKey, 32);
  const signature = fromBase64Url(request.signature, 64);
  if (!key || !signature || !fromBase64Url(request.nonce, 32)) return false;
  return verifyBytes(publicKeyFromRaw(key), signed, signature);
}

function replyTranscript(request: RegistrationRequest, payload: string): Buffer {
  return transcript('serverkit.registered.v1', [sha256(registrationTranscript(request)), payload]);
}

export function makeRegistrationReply(
  request: RegistrationRequest,
  macKey: Uint8Array,
  answer: RegistrationAnswer,
): RegistrationReply {
  const payload = JSON.stringify(answer);
  return { payload, mac: toBase64Url(hmac(macKey, replyTranscript(request, payload))) };
}

/** @returns false when anyone without the token's secret made or changed the reply */
export function verifyRegistrationReply(
  request: RegistrationRequest,
  macKey: Uint8Array,
  reply: RegistrationReply,
): boolean {
  return sameMac(hmac(macKey, replyTranscript(request, reply.payload)), reply.mac);
}

// ─── Connecting ────────────────────────────────────────────────────────────────────────────────────────

export interface UpgradeProof {
  readonly agentId: string;
  /** Milliseconds since 1970 on the agent's wall clock; a hint about skew, never a condition. */
  readonly time: string;
  readonly nonce: string;
  readonly signature: string;
}

function upgradeTranscript(agentId: string, time: string, nonce: string): Buffer {
  return transcript('serverkit.upgrade.v1', [agentId, time, nonce]);
}

export function makeUpgradeProof(
  key: SigningKey,
  agentId: string,
  nonce: Uint8Array,
  now: number,
): UpgradeProof {
  const [time, text] = [String(now), toBase64Url(nonce)];
  const signature = toBase64Url(signBytes(key, upgradeTranscript(agentId, time, text)));
  return { agentId, time, nonce: text, signature };
}

/** The cheap filter in front of the handshake. It proves no freshness: the challenge does. */
export function verifyUpgradeProof(proof: UpgradeProof, agentKey: KeyObject): boolean {
  const signature = fromBase64Url(proof.signature, 64);
  if (!signature || !fromBase64Url(proof.nonce, 32)) return false;
  return verifyBytes(agentKey, upgradeTranscript(proof.agentId, proof.time, proof.nonce), signature);
}

/** `connection_init`, control plane → agent. */
export interface LinkInit {
  readonly v: 1;
  readonly keyId: string;
  readonly serverId: string;
  readonly contract: string;
  /** 32 fresh bytes. */
  readonly challenge: string;
  /** Scope patterns the control plane allows on this server. */
  readonly scopes: readonly string[];
  readonly signature: string;
  /** Proofs of newer key sets than the agent hinted at, oldest first; each is signed by itself. */
  readonly keySets?: readonly SignedKeySet[];
}

/** `connection_ack`, agent → control plane: JSON text and the agent's signature over transcript and text. */
export interface LinkAck {
  readonly payload: string;
  readonly signature: string;
}

/** The content of {@link LinkAck.payload}. */
export interface AgentHello {
  readonly v: 1;
  readonly version: string;
  readonly contract: string;
  readonly facts: unknown;
  readonly capabilities: readonly string[];
  /** Scope patterns the agent's own configuration allows. */
  readonly localScopes: readonly string[];
  /** `managed` when the owner of the host lets the control plane decide alone. */
  readonly scopeMode: 'local' | 'managed';
  readonly machineId: string;
  /** Milliseconds since 1970 on the agent's clock. */
  readonly wallMs: number;
  /** The key set that this agent has on its disk; absent from agents that pin for good. */
  readonly keySet?: KeySetVersion;
  /** Id of the key rotation that waits for its end on the agent. */
  readonly keyRotation?: string;
}

/** Everything both sides must agree on for a link; its hash names the session. */
export interface LinkFacts {
  readonly agentKey: Uint8Array;
  readonly controlKey: Uint8Array;
  readonly agentId: string;
  readonly serverId: string;
  readonly contract: string;
  readonly agentNonce: string;
  readonly challenge: string;
  readonly scopes: readonly string[];
}

function linkTranscript(facts: LinkFacts): Buffer {
  return transcript('serverkit.link.v1', [
    facts.agentKey,
    facts.controlKey,
    facts.agentId,
    facts.serverId,
    facts.contract,
    facts.agentNonce,
    facts.challenge,
    JSON.stringify(facts.scopes),
  ]);
}

export function sessionIdOf(facts: LinkFacts): string {
  return toBase64Url(sha256(linkTranscript(facts)));
}

export function makeLinkInit(key: SigningKey, facts: Omit<LinkFacts, 'controlKey'>): LinkInit {
  const signed = linkTranscript({ ...facts, controlKey: key.publicRaw });
  return {
    v: 1,
    keyId: key.id,
    serverId: facts.serverId,
    contract: facts.contract,
    challenge: facts.challenge,
    scopes: facts.scopes,
    signature: toBase64Url(signBytes(key, signed)),
  };
}

/**
 * Checks, on the agent, that a pinned control-plane key signed this very challenge for this agent and nonce. The recovery
 * key speaks for new keys only, never on a link.
 *
 * @returns the agreed facts, or null: then nothing more may be said on this socket
 */
export function verifyLinkInit(
  init: unknown,
  own: { agentKey: Uint8Array; agentId: string; serverId: string; agentNonce: string },
  pinned: readonly PinnedKey[],
): LinkFacts | null {
  if (!isLinkInit(init) || init.serverId !== own.serverId) return null;
  const controlKey = fromBase64Url(
    pinned.find(({ id, use }) => id === init.keyId && use !== 'recovery')?.publicKey,
    32,
  );
  const signature = fromBase64Url(init.signature, 64);
  if (!controlKey || !signature || keyIdOf(controlKey) !== init.keyId) return null;
  const facts: LinkFacts = {
    ...own,
    controlKey,
    contract: init.contract,
    challenge: init.challenge,
    scopes: init.scopes,
  };
  return verifyBytes(publicKeyFromRaw(controlKey), linkTranscript(facts), signature) ? facts : null;
}

function isLinkInit(value: unknown): value is LinkInit {
  if (typeof value !== 'object' || value === null) return false;
  const init: Partial<Record<keyof LinkInit, unknown>> = value;
  return (
    init.v === 1 &&
    typeof init.keyId === 'string' &&
    typeof init.serverId === 'string' &&
    typeof init.contract === 'string' &&
    fromBase64Url(init.challenge, 32) !== null &&
    Array.isArray(init.scopes) &&
    init.scopes.every((scope) => typeof scope === 'string') &&
    typeof init.signature === 'string'
  );
}

function ackTranscript(facts: LinkFacts, payload: string): Buffer {
  return transcript('serverkit.link.ack.v1', [sha256(linkTranscript(facts)), payload]);
}

export function makeLinkAck(key: SigningKey, facts: LinkFacts, hello: AgentHello): LinkAck {
  return signLinkAck(key, facts, JSON.stringify(hello));
}

/** @param payload - the JSON text of an {@link AgentHello} */
export function signLinkAck(key: SigningKey, facts: LinkFacts, payload: string): LinkAck {
  return { payload, signature: toBase64Url(signBytes(key, ackTranscript(facts, payload))) };
}

/** @returns what the agent said of itself, still to be checked field by field, or null when it is not that agent */
export function verifyLinkAck(ack: unknown, facts: LinkFacts): unknown {
  if (typeof ack !== 'object' || ack === null) return null;
  const { payload, signature: text }: Partial<Record<keyof LinkAck, unknown>> = ack;
  const signature = fromBase64Url(text, 64);
  if (typeof payload !== 'string' || !signature) return null;
  if (!verifyBytes(publicKeyFromRaw(facts.agentKey), ackTranscript(facts, payload), signature)) return null;
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

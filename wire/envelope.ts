import type { KeyObject } from 'node:crypto';
import { fromBase64Url, signBytes, toBase64Url, verifyBytes, type SigningKey } from './bytes.ts';

/** One operation as the control plane authorised it. These bytes are signed; nothing outside them is run. */
export interface Envelope {
  readonly v: 1;
  readonly keyId: string;
  readonly sessionId: string;
  /** Equals the id of the message that carries it. */
  readonly id: string;
  readonly agentId: string;
  /** Milliseconds since `connection_init` was sent, on the control plane's monotonic clock. */
  readonly sessionMs: number;
  /** How long after that it may still be started. Milliseconds, 1 to {@link maxTtlMs}. */
  readonly ttlMs: number;
  /** Who asked, for the agent's own audit. */
  readonly actor: string;
  /** The least scopes the operation needs. */
  readonly scopes: readonly string[];
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** `extensions.serverkit` of a `subscribe` message. */
export interface SignedEnvelope {
  /** base64url of the JSON text of an {@link Envelope}. */
  readonly payload: string;
  readonly sig: string;
}

/** The longest time to live an agent accepts, in milliseconds: it bounds what it must remember. */
export const maxTtlMs = 600_000;

const domain = Buffer.from('serverkit.operation.v1\0');

export function sealEnvelope(key: SigningKey, envelope: Envelope): SignedEnvelope {
  const bytes = Buffer.from(JSON.stringify(envelope));
  return {
    payload: toBase64Url(bytes),
    sig: toBase64Url(signBytes(key, Buffer.concat([domain, bytes]))),
  };
}

/**
 * Checks the signature first and parses exactly the bytes it covers.
 *
 * @returns null when the signature is not that key's, or what was signed is not an envelope
 */
export function openEnvelope(signed: unknown, controlKey: KeyObject): Envelope | null {
  if (typeof signed !== 'object' || signed === null) return null;
  const { payload, sig }: Partial<Record<keyof SignedEnvelope, unknown>> = signed;
  const bytes = fromBase64Url(payload);
  const signature = fromBase64Url(sig, 64);
  if (!bytes || !signature) return null;
  if (!verifyBytes(controlKey, Buffer.concat([domain, bytes]), signature)) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isEnvelope(value) ? value : null;
  } catch {
    return null;
  }
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false;
  const e: Partial<Record<keyof Envelope, unknown>> = value;
  return (
    e.v === 1 &&
    typeof e.keyId === 'string' &&
    typeof e.sessionId === 'string' &&
    typeof e.id === 'string' &&
    typeof e.agentId === 'string' &&
    typeof e.sessionMs === 'number' &&
    Number.isFinite(e.sessionMs) &&
    typeof e.ttlMs === 'number' &&
    e.ttlMs >= 1 &&
    e.ttlMs <= maxTtlMs &&
    typeof e.actor === 'string' &&
    Array.isArray(e.scopes) &&
    e.scopes.every((scope) => typeof scope === 'string') &&
    typeof e.query === 'string' &&
    (e.operationName === null || typeof e.operationName === 'string') &&
    typeof e.variables === 'object' &&
    e.variables !== null &&
    !Array.isArray(e.variables)
  );
}

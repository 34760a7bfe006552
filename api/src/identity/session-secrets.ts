import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits in base64url. */
const shape = /^[A-Za-z0-9_-]{43}$/;

/**
 * The two halves of a browser session. Cookies ignore ports, so another page on the same host gets the first half sent
 * along; the second lives in the page's own storage and travels in a header. Only both together are a credential.
 */
export interface SessionSecrets {
  readonly cookie: string;
  readonly proof: string;
}

export function newSessionSecrets(): SessionSecrets {
  return { cookie: randomBytes(32).toString('base64url'), proof: randomBytes(32).toString('base64url') };
}

/** What is stored in place of a secret. They are random, so a plain SHA-256 cannot be guessed backwards. */
export function digest(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

/** Turns away what cannot be one of ours before it costs a look-up. */
export function looksLikeSecret(text: string | undefined): text is string {
  return text !== undefined && shape.test(text);
}

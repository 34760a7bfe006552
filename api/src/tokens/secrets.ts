import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { newId, randomText } from '../ids.ts';

/** 256 random bits in base64url. */
const shape = /^sk_([0-9a-z]{24})_([A-Za-z0-9_-]{43})$/;

export interface NewSecret {
  /** Of the row, such as `tok_…`. */
  readonly id: string;
  /** The whole token, `sk_…_…`, which is shown once. */
  readonly secret: string;
  readonly hash: Uint8Array<ArrayBuffer>;
}

export function newSecret(): NewSecret {
  const id = newId('token');
  const secret = randomBytes(32).toString('base64url');
  return { id, secret: `sk_${id.slice('tok_'.length)}_${secret}`, hash: hashOf(secret) };
}

/** How a token begins, by which its owner knows it again: `sk_` and the first 8 characters of its id. */
export function prefixOf(id: string): string {
  return `sk_${id.slice('tok_'.length, 'tok_'.length + 8)}`;
}

/** The row a token names and its secret part; undefined for what cannot be one. */
export function parseToken(token: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = shape.exec(token) ?? [];
  return id === undefined || secret === undefined ? undefined : { id: `tok_${id}`, secret };
}

/** Compared with in place of a row that does not exist. */
const nobodys = hashOf(randomText(32));

/** Takes the same time whether there is such a token or not. */
export function isSecretOf(stored: Uint8Array | undefined, secret: string): boolean {
  const same = timingSafeEqual(stored ?? nobodys, hashOf(secret));
  return same && stored !== undefined;
}

/** They are random, so a plain SHA-256 cannot be guessed backwards. */
function hashOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

/**
 * The bytes that a signature or MAC covers: a label, then every field, each behind its length (4 bytes,
 * big-endian). Two different lists of fields can never give the same bytes, and the label keeps a signature
 * made for one purpose from serving another.
 */
export function transcript(label: string, fields: readonly (string | Uint8Array)[]): Buffer {
  const parts: Buffer[] = [];
  for (const field of [label, ...fields]) {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

export function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

export function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

/**
 * Reads strict, unpadded base64url. Node's own decoder skips what it does not know, so that many texts would
 * mean the same bytes.
 *
 * @param length expected bytes; any number when left out
 * @returns null when the text is not exactly that
 */
export function fromBase64Url(text: unknown, length?: number): Buffer | null {
  if (typeof text !== 'string') return null;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) return null;
  return length === undefined || bytes.length === length ? bytes : null;
}

/** An Ed25519 key pair (RFC 8032). `publicRaw` is the 32-byte form that travels. */
export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicRaw: Buffer;
}

// DER prefixes of RFC 8410: SubjectPublicKeyInfo and PKCS #8 around a raw Ed25519 key.
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Names a public key: the first 12 bytes of its SHA-256. */
export function keyIdOf(publicRaw: Uint8Array): string {
  return toBase64Url(sha256(publicRaw).subarray(0, 12));
}

export function generateSigningKey(): SigningKey {
  return signingKeyOf(generateKeyPairSync('ed25519').privateKey);
}

/** Rebuilds a key pair from the 32-byte seed that {@link seedOf} gave. */
export function signingKeyFromSeed(seed: Uint8Array): SigningKey {
  return signingKeyOf(
    createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' }),
  );
}

/** The 32 secret bytes of a key pair, for keeping it. */
export function seedOf(key: SigningKey): Buffer {
  return key.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(pkcs8Prefix.length);
}

function signingKeyOf(privateKey: KeyObject): SigningKey {
  const publicRaw = createPublicKey(privateKey)
    .export({ format: 'der', type: 'spki' })
    .subarray(spkiPrefix.length);
  return { id: keyIdOf(publicRaw), privateKey, publicRaw };
}

/** @throws when the bytes are not a public key */
export function publicKeyFromRaw(publicRaw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([spkiPrefix, publicRaw]), format: 'der', type: 'spki' });
}

export function signBytes(key: SigningKey, data: Uint8Array): Buffer {
  return sign(null, data, key.privateKey);
}

/** True when the signature is that key's over exactly these bytes. Never throws on hostile input. */
export function verifyBytes(publicKey: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && verify(null, data, publicKey, signature);
}

/** The same for a key and a signature as they travel. Never throws on hostile input. */
export function verifyText(publicRaw: Uint8Array, data: Uint8Array, signature: unknown): boolean {
  const bytes = fromBase64Url(signature, 64);
  if (!bytes) return false;
  try {
    return verifyBytes(publicKeyFromRaw(publicRaw), data, bytes);
  } catch {
    return false;
  }
}

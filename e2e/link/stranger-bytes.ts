import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';

// Of the stranger: from wire/PROTOCOL.md alone.

export const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
export const raw = (text: string): Buffer => Buffer.from(text, 'base64url');
export const sha256 = (bytes: string | Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** §1: label and fields, each behind its length as four bytes, big-endian. */
export function transcript(label: string, fields: readonly (string | Uint8Array)[]): Buffer {
  const parts = [label, ...fields].flatMap((field) => {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}

export function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const publicRaw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { publicRaw, sign: (data: Uint8Array) => b64(sign(null, data, privateKey)) };
}

export function signedBy(publicRaw: Buffer, data: Uint8Array, signature: string): boolean {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicRaw]);
  return verify(null, data, createPublicKey({ key: der, format: 'der', type: 'spki' }), raw(signature));
}

export type StrangerKey = ReturnType<typeof newKey>;

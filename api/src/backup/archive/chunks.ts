import { createCipheriv, createDecipheriv } from 'node:crypto';
import { DamagedError } from './error.ts';

/** Bytes of plain text in every chunk but the last. */
export const chunkBytes = 65_536;
const tagBytes = 16;

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Encrypts a stream in chunks with AES-256-GCM. It is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár:
 * Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, 2015), as age has it: the nonce counts the
 * chunks and says which one is the last, so that none can be moved, left out or taken for the end.
 * @param key - 32 bytes, used for nothing else: nonces begin at 0
 * @yields chunks, each with its tag
 */
export async function* sealChunks(key: Uint8Array, plain: Bytes): AsyncGenerator<Buffer> {
  let number = 0n;
  for await (const { bytes, last } of cut(plain, chunkBytes)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, last));
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    number += 1n;
  }
}

/**
 * The reverse of {@link sealChunks}; nothing is handed out that was not proven first.
 * @yields plain text, in parts of any size
 * @throws DamagedError
 */
export async function* openChunks(key: Uint8Array, sealed: Bytes): AsyncGenerator<Buffer> {
  let number = 0n;
  for await (const { bytes, last } of cut(sealed, chunkBytes + tagBytes)) {
    yield openOne(key, nonceOf(number, last), bytes);
    number += 1n;
  }
}

function openOne(key: Uint8Array, nonce: Uint8Array, bytes: Buffer): Buffer {
  if (bytes.length < tagBytes) throw new DamagedError('it is cut off');
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new DamagedError('it was changed, or is cut off', { cause });
  }
}

/** 11 bytes of counter, of which 2^64 chunks fill eight, and one that is 1 in the last chunk. */
function nonceOf(number: bigint, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(number, 3);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

interface Piece {
  readonly bytes: Buffer;
  readonly last: boolean;
}

/** @yields pieces of one size, and a last one, perhaps empty, that is known to be the last */
async function* cut(source: Bytes, size: number): AsyncGenerator<Piece> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const part of source) {
    held.push(part);
    length += part.length;
    if (length <= size) continue;
    let rest = Buffer.concat(held);
    for (; rest.length > size; rest = rest.subarray(size)) {
      yield { bytes: rest.subarray(0, size), last: false };
    }
    held = [rest];
    length = rest.length;
  }
  yield { bytes: Buffer.concat(held), last: true };
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** What a file must be: the installer pins both. */
export interface Digest {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

export function digestOf(content: Uint8Array | string): Digest {
  return {
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: Buffer.byteLength(content),
  };
}

/** Reads the file piece by piece, so that hashing 100 MB keeps nobody waiting. */
export async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  let bytes = 0;
  const pieces: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 256 * 1024 });
  for await (const piece of pieces) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { digestOf, type Digest } from './digest.ts';

/** A small file to hand out: what it must be when unpacked, and its packed form, held in memory. */
export interface PackedFile extends Digest {
  /** Under this name it lies on the other machine. */
  readonly name: string;
  readonly gzipped: Buffer;
}

const compress = promisify(gzip);

/** @throws the file system's error */
export async function packFile(path: string, name: string): Promise<PackedFile> {
  const content = await readFile(path);
  const { sha256, bytes } = digestOf(content);
  return { name, sha256, bytes, gzipped: await compress(content) };
}

import { randomBytes } from 'node:crypto';
import { link, open, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { pipeline as finished } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { errorCode, errorText } from '../../startup-error.ts';
import { openChunks, sealChunks } from './chunks.ts';
import { ArchiveError } from './error.ts';
import { encodeHeader, longestHeader, parseHeader, usualCosts, type Header } from './header.ts';
import { checkBytes, deriveKeys, isSameCheck } from './keys.ts';
import { decodeSections, encodeSections, type FoundSection, type Section } from './sections.ts';

const saltBytes = 16;
/** Read from the disk at once. */
const readBytes = 262_144;

export interface ArchiveContent {
  readonly about: Omit<Header, 'kdf'>;
  readonly sections: AsyncIterable<Section> | Iterable<Section>;
  /** What it costs to try a passphrase. @default {@link usualCosts} */
  readonly costs?: Pick<Header['kdf'], 'memoryKiB' | 'passes' | 'lanes'>;
}

/**
 * Writes an archive that only the passphrase opens. Under its name there is a whole one, on the disk, or none; nobody else
 * may read it, and one that is there already is left alone.
 * @returns its size in bytes
 * @throws ArchiveError when the file cannot be written; whatever the sections throw
 */
export async function writeArchive(
  path: string,
  passphrase: string,
  content: ArchiveContent,
): Promise<number> {
  const half = `${path}.${randomBytes(4).toString('hex')}.part`;
  const file = await open(half, 'wx', 0o600).catch((error: unknown) => {
    throw cannotBeWritten(path, error);
  });
  try {
    let size: number;
    try {
      size = await fill(file, passphrase, content);
      await file.sync();
    } catch (error) {
      throw isOfFile(error) ? cannotBeWritten(path, error) : error;
    } finally {
      await file.close();
    }
    // link(2) refuses to replace, where rename(2) would.
    await link(half, path).catch((error: unknown) => {
      throw cannotBeWritten(path, error);
    });
    await syncDirectory(dirname(path));
    return size;
  } finally {
    await unlink(half).catch(() => {});
  }
}

async function fill(
  file: FileHandle,
  passphrase: string,
  { about, sections, costs = usualCosts }: ArchiveContent,
): Promise<number> {
  const salt = randomBytes(saltBytes).toString('base64');
  const header: Header = { ...about, kdf: { algorithm: 'argon2id', salt, ...costs } };
  const head = encodeHeader(header);
  const keys = await deriveKeys(passphrase, header.kdf, head);
  await file.write(Buffer.concat([head, keys.check]));
  await finished(
    Readable.from(encodeSections(sections), { objectMode: false }),
    createZstdCompress(),
    (compressed: AsyncIterable<Buffer>) => sealChunks(keys.body, compressed),
    (sealed: AsyncIterable<Buffer>) => file.writeFile(sealed),
  );
  return (await file.stat()).size;
}

function cannotBeWritten(path: string, error: unknown): ArchiveError {
  if (errorCode(error) === 'EEXIST') {
    return new ArchiveError(`${path} exists already; choose another name.`, { cause: error });
  }
  return new ArchiveError(`${path} cannot be written (${errorCode(error) ?? errorText(error)}).`, {
    cause: error,
  });
}

/** Rather than of what was to be archived: the disk is full, the network share went away. */
function isOfFile(error: unknown): boolean {
  return (
    error instanceof Error && 'syscall' in error && (error.syscall === 'write' || error.syscall === 'fsync')
  );
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function* bytesFrom(file: FileHandle, start: number): AsyncGenerator<Buffer> {
  for (let position = start; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(readBytes), 0, readBytes, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

export interface Archive extends AsyncDisposable {
  readonly header: Header;
  /**
   * What is in it, in order; can be read once. What comes out was proven, but only after the last section is it known that
   * nothing is missing.
   * @throws ArchiveError in the middle, for an archive that was changed or cut off
   */
  sections(): AsyncGenerator<FoundSection>;
}

/**
 * Opens an archive.
 * @throws ArchiveError when it is none, is damaged or of the future, or the passphrase is another one
 */
export async function openArchive(path: string, passphrase: string): Promise<Archive> {
  const name = basename(path);
  await using undo = new AsyncDisposableStack();
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new ArchiveError(`${path} cannot be read (${errorCode(error) ?? errorText(error)}).`, {
      cause: error,
    });
  });
  undo.defer(() => file.close());
  const start = Buffer.alloc(longestHeader + checkBytes);
  const { bytesRead } = await file.read(start, 0, start.length, 0);
  const { header, bytes } = parseHeader(start.subarray(0, bytesRead), name);
  const bodyStart = bytes.length + checkBytes;
  const keys = await deriveKeys(passphrase, header.kdf, bytes);
  if (!isSameCheck(keys.check, start.subarray(bytes.length, Math.min(bodyStart, bytesRead)))) {
    throw new ArchiveError(`The passphrase does not open ${name}, or its beginning was changed.`);
  }
  const owned = undo.move();
  return {
    header,
    sections() {
      const plain = pipeline(
        openChunks(keys.body, bytesFrom(file, bodyStart)),
        createZstdDecompress(),
        () => {},
      );
      return decodeSections(plain);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

import type { Readable } from 'node:stream';
import type { CreditWindow } from '../context.ts';
import { AgentError } from '../errors.ts';
import { source, type Source } from '../source.ts';
import { entriesOf, openArchive, type OpenPlace } from './archive.ts';
import { kindOf } from './entry.ts';
import { quoted, resolved } from './stat.ts';

/** A piece of a download. */
export interface FilePiece {
  /** Of the first piece, which has no data. */
  readonly file: DownloadedFile | null;
  /** Base64. */
  readonly data: string;
}

export interface DownloadedFile {
  readonly name: string;
  /** Null for an archive, whose size only its end tells. */
  readonly sizeBytes: number | null;
}

export interface DownloadOptions {
  /** Checked. */
  readonly path: string;
  /** All that is there as a tar archive, rather than one file as it is. */
  readonly archive: boolean;
}

/** A multiple of three, so that the pieces put together are the base64 of the whole. Bytes. */
const PIECE = 96 * 1024;
/** Two blocks of zeros end every archive (POSIX.1-2001, ustar). Bytes. */
const END = 1024;

/** A file or an archive as pieces, each paid for with credit before it goes out. */
export function download(
  open: (signal: AbortSignal) => Promise<OpenPlace & AsyncDisposable>,
  { path, archive }: DownloadOptions,
  credits: CreditWindow,
  outer: AbortSignal,
): Source<FilePiece> {
  return source(
    outer,
    async ({ push, signal }) => {
      await using place = await open(signal);
      const found = await resolved(place, path);
      if (!archive && found.kind !== 'FILE') {
        throw new AgentError('CONFLICT', `${quoted(path)} is no file that could be downloaded as it is.`);
      }
      // The root of a place has no name.
      const name = found.path === '/' ? '' : found.name;
      await push({ file: { name, sizeBytes: archive ? null : found.sizeBytes }, data: '' });
      const stream = await openArchive(place, found.path, signal);
      try {
        for await (const piece of pieces(archive ? whole(stream) : content(stream, found.sizeBytes))) {
          const data = piece.toString('base64');
          await credits.take(data.length);
          await push({ file: null, data });
        }
      } catch (error) {
        // A consumer that left is told nothing.
        if (!signal.aborted) throw error;
      } finally {
        stream.destroy();
      }
    },
    1,
  );
}

async function* whole(stream: Readable): AsyncGenerator<Buffer> {
  let tail: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      tail = chunk.length >= END ? chunk.subarray(-END) : Buffer.concat([tail, chunk]).subarray(-END);
      yield chunk;
    }
  } catch (error) {
    throw cutOff(error);
  }
  // The engine cannot say any more that it failed once it has begun; what it sent lacks its end then.
  if (tail.length < END || tail.some((byte) => byte !== 0)) throw cutOff();
}

async function* content(stream: Readable, sizeBytes: number): AsyncGenerator<Buffer> {
  try {
    yield* contentOf(stream, sizeBytes);
  } catch (error) {
    throw error instanceof AgentError ? error : cutOff(error);
  }
}

async function* contentOf(stream: Readable, sizeBytes: number): AsyncGenerator<Buffer> {
  for await (const entry of entriesOf(stream)) {
    if (kindOf(entry.header) !== 'FILE') break;
    let size = 0;
    for await (const bytes of entry) {
      const chunk: unknown = bytes;
      if (!Buffer.isBuffer(chunk)) continue;
      size += chunk.length;
      if (size > sizeBytes) throw changed();
      yield chunk;
    }
    if (size !== sizeBytes) throw changed();
    return;
  }
  throw cutOff();
}

const changed = (): AgentError =>
  new AgentError('CONFLICT', 'The file changed while it was read; download it again.');

const cutOff = (cause?: unknown): AgentError =>
  new AgentError('DOCKER_ERROR', 'Docker broke off while it read the files.', cause);

/** @yields the same bytes in pieces of one size, but for the last */
async function* pieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    size += chunk.length;
    if (size < PIECE) continue;
    const all = Buffer.concat(waiting, size);
    let from = 0;
    for (; size - from >= PIECE; from += PIECE) yield all.subarray(from, from + PIECE);
    waiting = [all.subarray(from)];
    size -= from;
  }
  if (size > 0) yield Buffer.concat(waiting, size);
}

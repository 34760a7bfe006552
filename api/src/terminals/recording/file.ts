import { createReadStream } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { VaultError, type Vault } from '../../secrets/vault.ts';

/** What is gathered before it is sealed and written. Characters of text, so up to three times as many bytes. */
const gathered = 32 * 1024;
/** What waits to be gathered is on the disk after so long at the latest. Milliseconds. */
const settledMs = 1_000;
/** A disk that takes longer for a piece is no disk that a terminal is recorded on. Milliseconds. */
export const longestWriteMs = 10_000;
/** No sealed piece is longer. Bytes. */
const longestPiece = 1024 * 1024;
const lengthBytes = 4;

/** Which file, and what opens it. */
export interface RecordingPlace {
  readonly path: string;
  /** Bound to each piece, so that none stands for that of another recording. */
  readonly id: string;
  readonly vault: Vault;
}

export interface Piece {
  readonly text: Buffer;
  /** Where it ends in the file. Bytes. */
  readonly end: number;
}

/** The disk does not answer. What was asked of it may be done yet. */
export class DiskStalled extends Error {
  constructor() {
    super('The disk did not answer in time.');
    this.name = 'DiskStalled';
  }
}

/** The same, no later than that. @throws DiskStalled, and what it throws */
export async function inTime<T>(asked: Promise<T>, ms = longestWriteMs): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new DiskStalled()), ms).unref();
  try {
    return await Promise.race([asked, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A recording on the disk: pieces of text, each sealed with its number and the recording's id, after its length. What is
 * there of it can be read while it is written, and no piece can be changed, moved or taken from the middle.
 */
export class RecordingFile {
  readonly #place: RecordingPlace;
  readonly #file: FileHandle;
  #pieces: number;
  #at: number;
  #text = '';
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #broken = false;
  readonly #failed = Promise.withResolvers<unknown>();

  private constructor(place: RecordingPlace, file: FileHandle, pieces: number, at: number) {
    this.#place = place;
    this.#file = file;
    this.#pieces = pieces;
    this.#at = at;
  }

  /** @throws the file system's error */
  static async create(place: RecordingPlace): Promise<RecordingFile> {
    await mkdir(path.dirname(place.path), { recursive: true, mode: 0o700 });
    return new RecordingFile(place, await open(place.path, 'wx', 0o600), 0, 0);
  }

  /**
   * Goes on behind the last piece that is as it was written: what a machine lost that was switched off is cut away.
   *
   * @returns also what is in it, in bytes
   * @throws the file system's error; VaultError, RangeError when its first piece is none, which leaves it as it is
   */
  static async reopen(place: RecordingPlace): Promise<{ file: RecordingFile; sizeBytes: number }> {
    let [count, at, sizeBytes] = [0, 0, 0];
    try {
      for await (const { text, end } of piecesOf(place)) {
        count += 1;
        at = end;
        sizeBytes += text.length;
      }
    } catch (error) {
      // Where nothing opens the key may be another's, and all of it whole.
      if (count === 0 || !isSpoilt(error)) throw error;
    }
    const handle = await open(place.path, 'r+');
    try {
      await handle.truncate(at);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return { file: new RecordingFile(place, handle, count, at), sizeBytes };
  }

  /** Pieces that are on the disk. */
  get pieces(): number {
    return this.#pieces;
  }

  /** It takes so many bytes of the disk. */
  get bytes(): number {
    return this.#at;
  }

  /** Resolves with the first error of the file system, or DiskStalled, whoever waits for what is written or nobody. */
  get failed(): Promise<unknown> {
    return this.#failed.promise;
  }

  /** Resolves at once, or when what was gathered is written. @throws the file system's error or DiskStalled, also of before */
  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#broken || this.#text.length >= gathered) await this.flush();
    else this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), settledMs).unref();
  }

  /** Writes what was gathered. @throws the file system's error or DiskStalled, also of before */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // After one that failed nothing is written any more: it would stand behind half a piece.
    this.#turn = this.#turn.then(() => this.#put());
    this.#turn.catch((error: unknown) => {
      this.#broken = true;
      this.#failed.resolve(error);
    });
    return this.#turn;
  }

  async #put(): Promise<void> {
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    const { vault, id } = this.#place;
    const sealed = vault.seal(Buffer.from(text), contextOf(id, this.#pieces));
    const piece = Buffer.allocUnsafe(lengthBytes + sealed.length);
    piece.writeUInt32BE(sealed.length);
    piece.set(sealed, lengthBytes);
    for (let from = 0; from < piece.length;) {
      const { bytesWritten } = await inTime(
        this.#file.write(piece, from, piece.length - from, this.#at + from),
      );
      from += bytesWritten;
    }
    this.#at += piece.length;
    this.#pieces += 1;
  }

  /** On the disk for good. @throws the file system's error or DiskStalled; it is closed all the same, as soon as it can be */
  async close(): Promise<void> {
    let unanswered = false;
    try {
      await this.flush();
      await inTime(this.#file.sync());
    } catch (error) {
      unanswered = error instanceof DiskStalled;
      throw error;
    } finally {
      // It waits for all that was asked before.
      const closing = this.#file.close();
      if (unanswered) closing.catch(() => undefined);
      else await inTime(closing);
    }
  }
}

/**
 * The text of a recording, piece by piece.
 *
 * @param count - how many there are; without it, those that are whole
 * @yields each as it was written
 * @throws VaultError when one is not as it was written; RangeError when there are fewer; the file system's error
 */
export async function* piecesOf(
  { path: name, id, vault }: RecordingPlace,
  count?: number,
): AsyncGenerator<Piece> {
  let held = Buffer.alloc(0);
  let number = 0;
  let end = 0;
  const enough = (): boolean => count !== undefined && number >= count;
  for await (const chunk of createReadStream(name)) {
    if (!Buffer.isBuffer(chunk)) continue;
    held = Buffer.concat([held, chunk]);
    while (held.length >= lengthBytes && !enough()) {
      const length = held.readUInt32BE();
      if (length > longestPiece) throw new RangeError('A piece of a recording is longer than any can be.');
      if (held.length < lengthBytes + length) break;
      const sealed = held.subarray(lengthBytes, lengthBytes + length);
      end += lengthBytes + length;
      yield { text: vault.open(sealed, contextOf(id, number)), end };
      held = held.subarray(lengthBytes + length);
      number += 1;
    }
    if (enough()) return;
  }
  if (count !== undefined && number < count) throw new RangeError('The end of a recording is missing.');
}

/**
 * The same without the count, up to the first that is not as it was written.
 *
 * @yields each as it was written
 * @throws the file system's error
 */
export async function* soundPiecesOf(place: RecordingPlace): AsyncGenerator<Piece> {
  try {
    yield* piecesOf(place);
  } catch (error) {
    if (!isSpoilt(error)) throw error;
  }
}

function isSpoilt(error: unknown): boolean {
  return error instanceof VaultError || error instanceof RangeError;
}

function contextOf(id: string, number: number): string {
  return `terminal recording ${id} ${number}`;
}

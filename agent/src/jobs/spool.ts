import { closeSync, openSync, readSync } from 'node:fs';
import { array } from '../docker/json.ts';
import { describe, systemCode } from '../errors.ts';
import type { Log } from '../log.ts';
import { RotatingFile } from '../rotating-file.ts';
import type { JobLine, LineStream } from './job.ts';

/** Of each of the two files a job's lines are in: what is older than both is dropped. Bytes. */
export const SEGMENT_BYTES = 2 * 1024 * 1024;
/** Lines are gathered for so long before they are written. Ms. */
const GATHER = 20;
const GATHER_BYTES = 64 * 1024;
const CHUNK = 64 * 1024;
/** A flood may pass so many bytes of spool per {@link PACE}; who awaits `ready` is held up beyond it. */
const PACE_BYTES = 256 * 1024;
const PACE = 100;

const streams: readonly LineStream[] = ['STDOUT', 'STDERR', 'STEP'];

/** Where a reader stands: in which file, counted from the first, and how far into it. */
interface Place {
  file: number;
  offset: number;
  /** The begin of a line whose end was not written yet. */
  rest: Buffer;
}

/**
 * The lines of one job on the disk, at most twice {@link SEGMENT_BYTES} of them. Lines that the disk does not take are
 * dropped, as a job goes on without them; whoever reads sees the gap in `seq`.
 */
export class Spool {
  readonly #file: RotatingFile;
  readonly #path: string;
  readonly #log: Log;
  readonly #changed: () => void;
  #last: number;
  #pending = '';
  #timer: NodeJS.Timeout | undefined;
  #window = { since: 0, bytes: 0 };
  #complained = false;

  /** @param changed - called when lines can be read that could not be read before */
  constructor(file: string, { log, last = 0, changed }: { log: Log; last?: number; changed: () => void }) {
    this.#path = file;
    this.#file = new RotatingFile({ path: file, maxBytes: SEGMENT_BYTES, backups: 1, mode: 0o600 });
    this.#log = log;
    this.#last = last;
    this.#changed = changed;
  }

  /** `seq` of the newest line. */
  get last(): number {
    return this.#last;
  }

  add(text: string, stream: LineStream, at: number): void {
    this.#last += 1;
    const line = `${JSON.stringify([this.#last, at, streams.indexOf(stream), text])}\n`;
    this.#pending += line;
    this.#window.bytes += line.length;
    if (this.#pending.length >= GATHER_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), GATHER);
  }

  /** Resolves at once unless more was said lately than others could live beside. */
  async ready(): Promise<void> {
    const now = performance.now();
    const age = now - this.#window.since;
    if (age >= PACE) {
      this.#window = { since: now, bytes: 0 };
      // However slow the machine is, so that a window is over before it is full: others have their turn between two.
      await new Promise((resolve) => setImmediate(resolve));
      return;
    }
    if (this.#window.bytes < PACE_BYTES) return;
    await new Promise((resolve) => setTimeout(resolve, PACE - age));
  }

  /** Writes what is gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#pending;
    if (text === '') return;
    this.#pending = '';
    try {
      this.#file.append(text);
    } catch (error) {
      if (!this.#complained) {
        this.#log.warn('lines of a job could not be kept', { reason: systemCode(error) ?? describe(error) });
      }
      this.#complained = true;
    }
    this.#changed();
  }

  close(): void {
    this.flush();
    this.#file.close();
  }

  /** A place to read from, before the oldest line that is kept. */
  begin(): Place {
    // There may be a moved file from before the agent was started again.
    return { file: this.#file.rotations - 1, offset: 0, rest: Buffer.alloc(0) };
  }

  /**
   * Reads on from a place, moving it. Synchronous, so that no file is moved meanwhile; some 64 KB at a time.
   *
   * @returns the lines after `after`, none when there are no more for now
   * @throws the file system's error
   */
  read(place: Place, after: number): JobLine[] {
    for (;;) {
      const newest = this.#file.rotations;
      if (place.file < newest - 1) {
        // What stood between was dropped meanwhile.
        Object.assign(place, { file: newest - 1, offset: 0, rest: Buffer.alloc(0) });
      }
      const chunk = readChunk(place.file === newest ? this.#path : `${this.#path}.1`, place.offset);
      if (chunk.length === 0) {
        if (place.file === newest) return [];
        Object.assign(place, { file: place.file + 1, offset: 0, rest: Buffer.alloc(0) });
        continue;
      }
      place.offset += chunk.length;
      const bytes = Buffer.concat([place.rest, chunk]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      place.rest = bytes.subarray(end);
      const lines = bytes
        .toString('utf8', 0, end)
        .split('\n')
        .flatMap(lineOf)
        .filter(({ seq }) => seq > after);
      if (lines.length > 0) return lines;
    }
  }
}

function readChunk(file: string, offset: number): Buffer {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    const chunk = Buffer.alloc(CHUNK);
    return chunk.subarray(0, readSync(fd, chunk, 0, CHUNK, offset));
  } finally {
    closeSync(fd);
  }
}

/** A line that a crash or a full disk tore says nothing. */
function lineOf(text: string): JobLine[] {
  try {
    const value: unknown = JSON.parse(text);
    const [seq, at, code, said] = array(value);
    const stream = typeof code === 'number' ? streams[code] : undefined;
    if (typeof seq !== 'number' || typeof at !== 'number' || !stream || typeof said !== 'string') return [];
    return [{ seq, at, stream, text: said }];
  } catch {
    return [];
  }
}

import type { LogSegment } from './container.ts';

/** Most bytes of one batch, and of one piece of a line. */
export const BATCH_BYTES = 64 * 1024;

/** RFC 3339 with nine digits and "Z", and a space: what the engine puts before each message. */
const TIMESTAMP = 31;
const NEWLINE = 10;

/** A piece of the batch that is being filled. */
interface Run {
  readonly stream: 1 | 2;
  readonly from: number;
  to: number;
  readonly partial: boolean;
}

/** The beginning of a line whose end is yet to come. */
class OpenLine {
  readonly bytes = Buffer.allocUnsafeSlow(BATCH_BYTES);
  length = 0;
}

/**
 * Gathers the bytes of a log into batches of whole lines, in order, and turns them into text. Works on bytes until a line
 * is whole, so a character that was cut by a chunk or frame comes out in one piece.
 */
export class LogText {
  readonly #emit: (segments: LogSegment[]) => void;
  readonly #timestamps: boolean;
  readonly #batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #length = 0;
  #runs: Run[] = [];
  readonly #open: Record<1 | 2, OpenLine | undefined> = { 1: undefined, 2: undefined };
  readonly #midLine: Record<1 | 2, boolean> = { 1: false, 2: false };
  readonly #skip: Record<1 | 2, number> = { 1: 0, 2: 0 };

  /**
   * @param emit takes a batch of at most {@link BATCH_BYTES} bytes
   * @param timestamps true when each message begins with a timestamp: the engine cuts long lines into several messages
   *   and stamps each, and the stamps inside a line are taken out again
   */
  constructor(emit: (segments: LogSegment[]) => void, timestamps: boolean) {
    this.#emit = emit;
    this.#timestamps = timestamps;
  }

  /** Bytes `from`…`to` of `chunk`; `first` when they begin a message of the engine. */
  take(stream: 1 | 2, chunk: Buffer, from: number, to: number, first: boolean): void {
    if (first) this.#skip[stream] = this.#timestamps && this.#midLine[stream] ? TIMESTAMP : 0;
    const skipped = Math.min(this.#skip[stream], to - from);
    this.#skip[stream] -= skipped;
    const start = from + skipped;
    if (start >= to) return;

    const last = chunk.lastIndexOf(NEWLINE, to - 1);
    this.#midLine[stream] = last !== to - 1;
    if (last < start) {
      this.#hold(stream, chunk, start, to);
      return;
    }
    let lines = start;
    if (this.#open[stream]) {
      lines = chunk.indexOf(NEWLINE, start) + 1;
      this.#hold(stream, chunk, start, lines);
      this.#closeLine(stream);
    }
    this.#addLines(stream, chunk, lines, last + 1);
    if (last + 1 < to) this.#hold(stream, chunk, last + 1, to);
  }

  /** Emits what is whole; called when nothing more has arrived for now. */
  flush(): void {
    if (this.#runs.length === 0) return;
    const batch = this.#batch;
    const segments = this.#runs.map(({ stream, from, to, partial }): LogSegment => {
      return { stream: stream === 1 ? 'STDOUT' : 'STDERR', text: batch.toString('utf8', from, to), partial };
    });
    this.#runs = [];
    this.#length = 0;
    this.#emit(segments);
  }

  /** The log is over: emits the last lines even if they lack their end. */
  end(): void {
    this.#closeLine(1);
    this.#closeLine(2);
    this.flush();
  }

  /** Keeps the beginning of a line, cutting a piece off whenever it grows too long. */
  #hold(stream: 1 | 2, chunk: Buffer, from: number, to: number): void {
    const open = (this.#open[stream] ??= new OpenLine());
    let at = from;
    while (at < to) {
      if (open.length === BATCH_BYTES) {
        const cut = wholeCharacters(open.bytes, open.length);
        this.#add(stream, open.bytes, 0, cut, true);
        open.bytes.copyWithin(0, cut, open.length);
        open.length -= cut;
      }
      const count = Math.min(to - at, BATCH_BYTES - open.length);
      chunk.copy(open.bytes, open.length, at, at + count);
      open.length += count;
      at += count;
    }
  }

  #closeLine(stream: 1 | 2): void {
    const open = this.#open[stream];
    this.#open[stream] = undefined;
    if (open && open.length > 0) this.#add(stream, open.bytes, 0, open.length, false);
  }

  /** Adds bytes that are whole lines, across as many batches as they need. */
  #addLines(stream: 1 | 2, chunk: Buffer, from: number, to: number): void {
    let at = from;
    while (to - at > BATCH_BYTES - this.#length) {
      const fits = at + BATCH_BYTES - this.#length;
      const cut = chunk.lastIndexOf(NEWLINE, fits - 1) + 1;
      if (cut > at) {
        this.#add(stream, chunk, at, cut, false);
        at = cut;
      } else if (this.#length === 0) {
        // A line that is too long for a batch of its own.
        const lineEnd = chunk.indexOf(NEWLINE, at) + 1;
        this.#hold(stream, chunk, at, lineEnd);
        this.#closeLine(stream);
        at = lineEnd;
      }
      this.flush();
    }
    if (at < to) this.#add(stream, chunk, at, to, false);
  }

  /** Adds at most {@link BATCH_BYTES} bytes that go into one batch together. */
  #add(stream: 1 | 2, bytes: Buffer, from: number, to: number, partial: boolean): void {
    if (to - from > BATCH_BYTES - this.#length) this.flush();
    const start = this.#length;
    bytes.copy(this.#batch, start, from, to);
    this.#length += to - from;
    const last = this.#runs.at(-1);
    if (last && last.stream === stream && !last.partial && !partial) last.to = this.#length;
    else this.#runs.push({ stream, from: start, to: this.#length, partial });
  }
}

/**
 * Where to cut so that no UTF-8 character is cut (RFC 3629: a lead byte tells how many bytes follow). What is not UTF-8 may
 * be cut anywhere.
 */
function wholeCharacters(bytes: Buffer, length: number): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? length - back : length;
  }
  return length;
}

import type { ContainerLogsSubscription, LogStream } from '../generated/operations.ts';

type Segment = ContainerLogsSubscription['containerLogs']['segments'][number];

/** A line of a container's log. */
export interface LogLine {
  /** When Docker took it, RFC 3339 with nanoseconds; empty when Docker did not say. */
  readonly at: string;
  readonly stream: LogStream;
  /** Without its line feed. */
  readonly text: string;
  /** The next line of this stream goes on with it: lines over 64 KB come in pieces. */
  readonly partial: boolean;
}

/** How far a stream was read. */
interface Mark {
  /** Of the last line. */
  at: string;
  /** Whole lines that were read with this very timestamp. */
  count: number;
  /** Characters that were read of a line whose end is yet to come. */
  characters: number;
}

const streams = ['STDOUT', 'STDERR'] as const;

/** How much earlier to begin again, in milliseconds: the two streams are stamped apart, and may stand in either order. */
const overlapMs = 1_000;

/**
 * Where in a log its reader is, from Docker's timestamps: a log that is asked for again begins a little earlier, and what
 * was read before is left out. Counts the lines that have one timestamp, so that none is lost and none read twice.
 */
export class LogPosition {
  readonly #read: Record<LogStream, Mark | undefined> = { STDOUT: undefined, STDERR: undefined };
  /** What is still to be left out; undefined once a stream has come to what is new. */
  readonly #skip: Record<LogStream, Mark | undefined> = { STDOUT: undefined, STDERR: undefined };
  /** A line of the stream has begun, and what comes next goes on with it; `true` = it is being left out. */
  readonly #open: Record<LogStream, { readonly left: boolean } | undefined> = {
    STDOUT: undefined,
    STDERR: undefined,
  };
  #first: string | undefined;

  /** Nothing up to and with this instant is wanted, as if it had been read. */
  startAfter(at: string): void {
    this.#first = at;
    for (const stream of streams) this.#read[stream] = { at, count: Infinity, characters: 0 };
  }

  /** From when to ask for the log again; undefined when nothing was read. */
  get since(): string | undefined {
    const last = [this.#read.STDOUT?.at ?? '', this.#read.STDERR?.at ?? ''].toSorted(compare).at(-1);
    const ms = Date.parse(last ?? '');
    return Number.isNaN(ms) ? undefined : new Date(ms - overlapMs).toISOString();
  }

  /** What comes next begins at {@link since}. */
  rewind(): void {
    for (const stream of streams) {
      this.#open[stream] = undefined;
      // Of a stream that was silent so far, what is older than the first line was cut off by `tail`.
      const mark = this.#read[stream] ?? (this.#first === undefined ? undefined : beginning(this.#first));
      this.#skip[stream] = mark && { ...mark };
    }
  }

  /** The new lines in a part of the log that was asked for with timestamps. */
  take({ stream, text, partial }: Segment): LogLine[] {
    const lines = text.split('\n');
    // Whole lines end in a line feed; the last of a finished log may lack it.
    if (lines.at(-1) === '' && !partial) lines.pop();
    return lines.flatMap(
      (line, index) => this.#takeLine(stream, line, partial && index === lines.length - 1) ?? [],
    );
  }

  #takeLine(stream: LogStream, line: string, partial: boolean): LogLine | undefined {
    const open = this.#open[stream];
    const { at, text } = open ? { at: this.#read[stream]?.at ?? '', text: line } : split(line);
    const left = open ? open.left : this.#isOld(stream, at);
    this.#open[stream] = partial ? { left } : undefined;
    if (left) return undefined;
    const fresh = this.#cutReadPart(stream, text);
    this.#advance(stream, at, { characters: text.length, partial, goesOn: open !== undefined });
    return fresh === undefined ? undefined : { at, stream, text: fresh, partial };
  }

  #isOld(stream: LogStream, at: string): boolean {
    const skip = this.#skip[stream];
    if (!skip || at === '') return false;
    const order = compare(at, skip.at);
    if (order < 0) return true;
    if (order === 0 && skip.count > 0) {
      skip.count -= 1;
      return true;
    }
    if (order > 0 || skip.characters === 0) this.#skip[stream] = undefined;
    return false;
  }

  /** Of a line that was broken off, what was not read yet; undefined when nothing is left of this piece. */
  #cutReadPart(stream: LogStream, text: string): string | undefined {
    const skip = this.#skip[stream];
    if (!skip || skip.characters === 0) return text;
    const cut = Math.min(skip.characters, text.length);
    skip.characters -= cut;
    if (skip.characters > 0) return undefined;
    this.#skip[stream] = undefined;
    return text.slice(cut);
  }

  #advance(
    stream: LogStream,
    at: string,
    { characters, partial, goesOn }: { characters: number; partial: boolean; goesOn: boolean },
  ): void {
    this.#first ??= at;
    const last = this.#read[stream];
    const mark = last && last.at === at ? last : beginning(at);
    this.#read[stream] = mark;
    if (partial) mark.characters = (goesOn ? mark.characters : 0) + characters;
    else {
      mark.count += 1;
      mark.characters = 0;
    }
  }
}

const beginning = (at: string): Mark => ({ at, count: 0, characters: 0 });

/** Docker's timestamp, a space, and the line. */
function split(line: string): { at: string; text: string } {
  const end = line.indexOf(' ');
  const at = end === -1 ? line : line.slice(0, end);
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(at)) return { at: '', text: line };
  return { at, text: end === -1 ? '' : line.slice(end + 1) };
}

/** Orders instants: as text where both are written alike, nanoseconds and all. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length === b.length && a.endsWith('Z') && b.endsWith('Z')) return a < b ? -1 : 1;
  return Date.parse(a || '1970-01-01') - Date.parse(b || '1970-01-01') || (a < b ? -1 : 1);
}

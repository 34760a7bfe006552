import type { LogBatch } from '../containers/service.ts';
import type { LineFilter } from './filter.ts';
import { compareMoments, momentOf, stampLength, type Moment } from './moment.ts';

export type LogStream = LogBatch['segments'][number]['stream'];

/** A line of one of several logs, or a piece of one that is too long for a batch. */
export interface Piece {
  /** Which of the logs it is of. */
  readonly source: number;
  readonly stream: LogStream;
  /** As it came: where it begins a line, with Docker's time. With its line feed, which the last line of a log may lack. */
  readonly text: string;
  /** Where in the text, after the time, the line itself begins. */
  readonly from: number;
  /** The line goes on in the next piece of this stream. */
  readonly partial: boolean;
  /** Docker's RFC 3339 time of the line; empty when there was none. */
  readonly at: string;
  /** When the line was written, by our clock. */
  readonly moment: Moment;
}

interface OpenLine {
  readonly at: string;
  readonly moment: Moment;
  /** Its begin, as far as it came at once. */
  readonly text: string;
  kept: boolean;
}

interface LinePiece {
  readonly stream: LogStream;
  readonly whole: string;
  readonly line: OpenLine;
  readonly begins: boolean;
  readonly goesOn: boolean;
}

/** How far a log was told, by the clock of its server. */
export interface LogMark {
  /** Of the last line. */
  readonly at: Moment;
  /** Of the newest line: a later one than the last where the clock was set back meanwhile. */
  readonly newest: Moment;
}

export interface PieceOptions {
  readonly source: number;
  /** How far the clock of its server is ahead of ours. Milliseconds. */
  readonly aheadMs: number;
  /** What was told before, of which the log brings the last part again. */
  readonly after: LogMark | null;
  readonly filter: LineFilter | null;
}

/** The two streams of a log are stamped apart, and may stand in either order; more than this is a clock that was set back. */
const disorderMs = 1_000;

/** Takes one log, with timestamps, apart into lines that know when they were written. */
export class Pieces {
  readonly #options: PieceOptions;
  readonly #open: Record<LogStream, OpenLine | undefined> = { STDOUT: undefined, STDERR: undefined };
  #mark: LogMark | null;
  /** What is still passed over; null from the first new line on. */
  #told: LogMark | null;
  #came: Moment | undefined;
  #previous: Moment = { ms: 0, nanos: 0 };

  constructor(options: PieceOptions) {
    this.#options = options;
    this.#mark = options.after;
    this.#told = options.after;
  }

  /** To go on from there. */
  get mark(): LogMark | null {
    return this.#mark;
  }

  /** What is told of it; called again only when it resolved. */
  async read({ segments }: LogBatch): Promise<Piece[]> {
    const pieces: LinePiece[] = [];
    const begun: OpenLine[] = [];
    for (const { stream, text, partial } of segments) {
      let from = 0;
      while (from < text.length) {
        const end = text.indexOf('\n', from) + 1 || text.length;
        const whole = text.slice(from, end);
        const going = this.#open[stream];
        const line = going ?? this.#begin(whole);
        if (!going && line.kept) begun.push(line);
        this.#open[stream] = partial && end === text.length && !whole.endsWith('\n') ? line : undefined;
        pieces.push({ stream, whole, line, begins: !going, goesOn: this.#open[stream] !== undefined });
        from = end;
      }
    }
    const { filter, source } = this.#options;
    if (filter && begun.length > 0) {
      const told = await filter(begun.map(({ text }) => text));
      for (const [index, line] of begun.entries()) line.kept = told[index] === true;
    }
    return pieces
      .filter(({ line }) => line.kept)
      .map(({ stream, whole, line: { at, moment }, begins, goesOn }) => {
        const from = begins && at !== '' ? stampLength : 0;
        return { source, stream, text: whole, from, partial: goesOn, at, moment };
      });
  }

  #begin(whole: string): OpenLine {
    const stamp = whole[stampLength - 1] === ' ' ? whole.slice(0, stampLength - 1) : '';
    const moment = momentOf(stamp);
    const known = moment !== null && this.#isKnown(moment);
    if (moment && !known) this.#advance(moment);
    // A line without a time belongs to the one before it.
    if (moment) this.#previous = { ms: moment.ms - this.#options.aheadMs, nanos: moment.nanos };
    const text = moment ? whole.slice(stampLength) : whole;
    return { at: moment ? stamp : '', moment: this.#previous, text, kept: !known };
  }

  /** Whether a line was told before. Once one was not, none that follows was. */
  #isKnown(moment: Moment): boolean {
    const told = this.#told;
    if (!told) return false;
    const back = this.#came !== undefined && isSetBack(this.#came, moment);
    this.#came = moment;
    const { at, newest } = told;
    if (compareMoments(moment, newest) <= 0) {
      const beforeSetBack = compareMoments(newest, at) > 0;
      // Up to where the clock was set back, all is older than the last line that was told.
      if (beforeSetBack && !back) return true;
      if (beforeSetBack) this.#told = { at, newest: at };
      if ((beforeSetBack || !back) && compareMoments(moment, at) <= 0) return true;
    }
    this.#told = null;
    return false;
  }

  #advance(moment: Moment): void {
    const { at, newest } = this.#mark ?? { at: moment, newest: moment };
    const later = compareMoments(moment, newest) > 0 ? moment : newest;
    if (compareMoments(moment, at) > 0 || isSetBack(at, moment)) this.#mark = { at: moment, newest: later };
    else this.#mark = { at, newest };
  }
}

function isSetBack(before: Moment, after: Moment): boolean {
  return before.ms - after.ms > disorderMs;
}

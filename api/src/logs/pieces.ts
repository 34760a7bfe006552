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
  readonly kept: boolean;
}

export interface PieceOptions {
  readonly source: number;
  /** How far the clock of its server is ahead of ours. Milliseconds. */
  readonly aheadMs: number;
  /** Lines up to this one were told before. */
  readonly after: Moment | null;
  readonly filter: LineFilter | null;
}

/** Takes one log, with timestamps, apart into lines that know when they were written. */
export class Pieces {
  readonly #options: PieceOptions;
  readonly #open: Record<LogStream, OpenLine | undefined> = { STDOUT: undefined, STDERR: undefined };
  #last: Moment | null;
  #previous: Moment = { ms: 0, nanos: 0 };

  constructor(options: PieceOptions) {
    this.#options = options;
    this.#last = options.after;
  }

  /** By the clock of its server, of the newest line that came; to go on from there. */
  get last(): Moment | null {
    return this.#last;
  }

  read({ segments }: LogBatch): Piece[] {
    const pieces: Piece[] = [];
    for (const { stream, text, partial } of segments) {
      let from = 0;
      while (from < text.length) {
        const end = text.indexOf('\n', from) + 1 || text.length;
        const piece = this.#piece(stream, text.slice(from, end), partial && end === text.length);
        if (piece) pieces.push(piece);
        from = end;
      }
    }
    return pieces;
  }

  #piece(stream: LogStream, whole: string, partial: boolean): Piece | null {
    const { source } = this.#options;
    const going = this.#open[stream];
    const line = going ?? this.#begin(whole);
    this.#open[stream] = partial && !whole.endsWith('\n') ? line : undefined;
    if (!line.kept) return null;
    const { at, moment } = line;
    const from = going || at === '' ? 0 : stampLength;
    return { source, stream, text: whole, from, partial: this.#open[stream] !== undefined, at, moment };
  }

  #begin(whole: string): OpenLine {
    const { after, aheadMs, filter } = this.#options;
    const told = whole[stampLength - 1] === ' ' ? whole.slice(0, stampLength - 1) : '';
    const moment = momentOf(told);
    const at = moment ? told : '';
    const known = moment !== null && after !== null && compareMoments(moment, after) <= 0;
    if (moment && (!this.#last || compareMoments(moment, this.#last) > 0)) this.#last = moment;
    // A line without a time belongs to the one before it.
    if (moment) this.#previous = { ms: moment.ms - aheadMs, nanos: moment.nanos };
    const kept = !known && (filter?.(moment ? whole.slice(stampLength) : whole) ?? true);
    return { at, moment: this.#previous, kept };
  }
}

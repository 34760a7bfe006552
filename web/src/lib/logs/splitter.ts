import type { LogStream } from '../generated/graphql.ts';

export interface LogLine {
  /** Unique within a feed. */
  readonly id: number;
  readonly stream: LogStream;
  /** Which of the containers of the feed wrote it. */
  readonly source: number;
  /** Docker's RFC 3339 time with nanoseconds, UTC; empty when there was none. */
  readonly at: string;
  /** Where it stands among those of other containers: `at`, by the clock of the control plane. */
  readonly order: string;
  readonly text: string;
}

interface Segment {
  readonly stream: LogStream;
  readonly text: string;
  readonly partial: boolean;
}

/** Longer lines are cut here: no screen shows more, and one line must not fill the memory. */
export const longestLine = 256 * 1024;

const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?/;

/** Puts the pieces of a log together into lines, each stream for itself. */
export class LineSplitter {
  readonly #nextId: () => number;
  readonly #source: number;
  #open: Record<LogStream, string> = { STDOUT: '', STDERR: '' };

  constructor(source: number, nextId: () => number) {
    this.#source = source;
    this.#nextId = nextId;
  }

  push({ stream, text, partial }: Segment): LogLine[] {
    const lines: LogLine[] = [];
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      lines.push(this.#line(stream, this.#join(stream, text.slice(from, end))));
      this.#open[stream] = '';
      from = end + 1;
    }
    const rest = text.slice(from);
    if (rest === '') return lines;
    if (partial) this.#open[stream] = this.#join(stream, rest);
    else {
      lines.push(this.#line(stream, this.#join(stream, rest)));
      this.#open[stream] = '';
    }
    return lines;
  }

  #join(stream: LogStream, piece: string): string {
    const open = this.#open[stream];
    if (open === '') return piece.length > longestLine ? piece.slice(0, longestLine) : piece;
    return open.length >= longestLine ? open : (open + piece).slice(0, longestLine);
  }

  #line(stream: LogStream, whole: string): LogLine {
    const found = stamp.exec(whole);
    const at = found?.[1] ?? '';
    const text = found ? whole.slice(found[0].length) : whole;
    return {
      id: this.#nextId(),
      stream,
      source: this.#source,
      at,
      order: at,
      text: text.endsWith('\r') ? text.slice(0, -1) : text,
    };
  }
}

import { safeText } from './safe-text.ts';

/** Where a command writes, and how. */
export interface Sink {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly color: boolean;
  /** Aborted when nobody reads any more, or the user wants out. */
  readonly signal: AbortSignal;
}

export type Tone = 'good' | 'warning' | 'critical' | 'dim';

const colors: Readonly<Record<Tone, number>> = { good: 32, warning: 33, critical: 31, dim: 2 };

/** Cyan, yellow, green, magenta, blue, and the same brighter. */
const labels = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94] as const;

export interface Cell {
  readonly text: string;
  readonly tone?: Tone | undefined;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
}

/** Standard output: tables for people, a JSON object on each line for programs. */
export class Output {
  readonly json: boolean;
  readonly terminal: boolean;
  readonly #sink: Sink;
  readonly #options: OutputOptions;

  constructor(sink: Sink, options: OutputOptions) {
    this.#sink = sink;
    this.#options = options;
    this.json = options.json;
    this.terminal = sink.isTTY === true;
  }

  get width(): number {
    return this.#sink.columns ?? 80;
  }

  /** Text as it is; waits while the reader is slow, so that nothing piles up here. */
  async write(text: string): Promise<void> {
    const { signal } = this.#options;
    if (signal.aborted || this.#sink.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#sink.off('drain', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#sink.once('drain', done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** One line of text of ours and others; what could act on a terminal is shown instead. */
  line(text: string): Promise<void> {
    return this.write(`${this.clean(text)}\n`);
  }

  /** One object on a line of its own (NDJSON). */
  object(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value)}\n`);
  }

  /** Text of others for where it goes: a file gets it as it is. */
  clean(text: string): string {
    return this.terminal ? safeText(text) : text;
  }

  /** The name of one of several, as a stripe of its colour tells it from the others. */
  label(text: string, index: number): string {
    const clean = this.clean(text);
    return this.#options.color ? `\u001B[${labels[index % labels.length]}m${clean}\u001B[0m` : clean;
  }

  /** A word of ours, in a colour where there are colours. */
  toned(word: string, tone: Tone): string {
    return this.#options.color ? `\u001B[${colors[tone]}m${word}\u001B[0m` : word;
  }

  table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
    const all = [head.map((text): Cell => ({ text, tone: 'dim' })), ...rows];
    const widths = head.map((_, column) =>
      Math.max(...all.map((row) => this.clean(row[column]?.text ?? '').length)),
    );
    return all
      .map((row) =>
        row
          .map((cell, column) => this.#cell(cell, widths[column] ?? 0, rows[0]?.[column]?.align))
          .join('  ')
          .trimEnd(),
      )
      .join('\n')
      .concat('\n');
  }

  #cell({ text, tone }: Cell, width: number, align: Cell['align']): string {
    const clean = this.clean(text);
    const padding = ' '.repeat(Math.max(0, width - clean.length));
    const shown = tone ? this.toned(clean, tone) : clean;
    return align === 'right' ? padding + shown : shown + padding;
  }
}

/** A number of bytes, as people read it. */
export const bytes = (count: number | null): string => {
  if (count === null) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
};

export const percent = (value: number | null): string => (value === null ? '–' : `${value.toFixed(1)} %`);

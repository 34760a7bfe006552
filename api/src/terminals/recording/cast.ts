/**
 * Lines of an asciicast v2 file, as asciinema and others play it: a header, then one event a line, each with the seconds
 * since the beginning. {@link https://docs.asciinema.org/manual/asciicast/v2/}
 */
export interface CastHeader {
  readonly columns: number;
  readonly rows: number;
  readonly startedAt: Date;
  readonly title: string;
}

export function headerLine({ columns, rows, startedAt, title }: CastHeader): string {
  return line({
    version: 2,
    width: columns,
    height: rows,
    timestamp: Math.floor(startedAt.getTime() / 1000),
    title,
    env: { TERM: 'xterm-256color' },
  });
}

/** @param atMs - since the beginning */
export function outputLine(atMs: number, text: string): string {
  return line([seconds(atMs), 'o', text]);
}

export function resizeLine(atMs: number, columns: number, rows: number): string {
  return line([seconds(atMs), 'r', `${columns}x${rows}`]);
}

/** A place that players show, with a word on it. */
export function markLine(atMs: number, label: string): string {
  return line([seconds(atMs), 'm', label]);
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

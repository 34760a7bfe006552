/** The mark of ServerKit where something could not be recorded. */
export const missingMark = 'Something is missing here';

/** What happened in a recording: something was written, the size changed, or a mark was left. */
export type CastEvent =
  | { readonly atMs: number; readonly kind: 'output'; readonly text: string }
  | { readonly atMs: number; readonly kind: 'size'; readonly columns: number; readonly rows: number }
  | { readonly atMs: number; readonly kind: 'mark'; readonly label: string };

export interface Cast {
  readonly columns: number;
  readonly rows: number;
  readonly durationMs: number;
  readonly events: readonly CastEvent[];
}

/** Reads an asciicast file of version 2; null when nothing was recorded. Lines that say nothing are passed over. */
export function parseCast(text: string): Cast | null {
  const [first, ...lines] = text.split('\n');
  const header = parsed(first ?? '');
  if (typeof header !== 'object' || header === null || !('width' in header && 'height' in header))
    return null;
  const [columns, rows] = [Number(header.width) || 80, Number(header.height) || 24];
  const events = lines.map((line) => eventOf(parsed(line))).filter((event) => event !== undefined);
  return { columns, rows, events, durationMs: events.at(-1)?.atMs ?? 0 };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function eventOf(value: unknown): CastEvent | undefined {
  if (!Array.isArray(value)) return undefined;
  const list: readonly unknown[] = value;
  const [seconds, kind, data] = list;
  if (typeof seconds !== 'number' || typeof data !== 'string') return undefined;
  const atMs = seconds * 1000;
  if (kind === 'o') return { atMs, kind: 'output', text: data };
  if (kind === 'm') return { atMs, kind: 'mark', label: data };
  const [, columns, rows] = (kind === 'r' && /^(\d{1,3})x(\d{1,3})$/.exec(data)) || [];
  if (columns === undefined || rows === undefined) return undefined;
  return { atMs, kind: 'size', columns: Number(columns), rows: Number(rows) };
}

/** Where something is drawn. */
export interface Stage {
  reset(columns: number, rows: number): void;
  resize(columns: number, rows: number): void;
  write(text: string): void;
}

/** A place in a recording, and what was drawn up to it. */
export class Playback {
  readonly #cast: Cast;
  readonly #stage: Stage;
  /** The first event that is yet to come. */
  #next = 0;
  #atMs = 0;

  constructor(cast: Cast, stage: Stage) {
    this.#cast = cast;
    this.#stage = stage;
    stage.reset(cast.columns, cast.rows);
  }

  get atMs(): number {
    return this.#atMs;
  }

  get over(): boolean {
    return this.#next >= this.#cast.events.length;
  }

  /** How long nothing happens from here on; 0 at the end. Milliseconds. */
  get pauseMs(): number {
    const next = this.#cast.events[this.#next];
    return next ? Math.max(0, next.atMs - this.#atMs) : 0;
  }

  /** Draws what there was to see at this time. */
  goTo(atMs: number): void {
    const { events, columns, rows, durationMs } = this.#cast;
    const to = Math.min(Math.max(0, atMs), durationMs);
    if (to < this.#atMs) {
      this.#stage.reset(columns, rows);
      this.#next = 0;
    }
    let text = '';
    const flush = (): void => {
      if (text !== '') this.#stage.write(text);
      text = '';
    };
    for (let event = events[this.#next]; event && event.atMs <= to; event = events[this.#next]) {
      this.#next += 1;
      if (event.kind === 'output') text += event.text;
      if (event.kind !== 'size') continue;
      flush();
      this.#stage.resize(event.columns, event.rows);
    }
    flush();
    this.#atMs = to;
  }
}

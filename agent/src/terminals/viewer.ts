import type { TerminalEvent } from './terminal.ts';

type ScreenEvent = Extract<TerminalEvent, { kind: 'SCREEN' }>;

/** What waits for one viewer at most before it is left behind. Characters. */
const maxBehind = 256 * 1024;
/** Below this a viewer keeps up, and the shell may go on. Characters. */
const keepsUp = 64 * 1024;
/** Longest piece that is sent at once. Characters. */
const pieceLength = 16 * 1024;

/** One who looks at a terminal, at a pace of their own. Whoever falls behind the others goes on from a fresh screen. */
export class Viewer {
  readonly #screen: () => readonly [ScreenEvent, ...TerminalEvent[]];
  readonly #told: () => void;
  #waiting: TerminalEvent[] = [];
  #length = 0;
  /** What was shown so far is no longer what the terminal shows. */
  #stale = true;
  #ended: TerminalEvent | undefined;
  #wake: (() => void) | undefined;

  /**
   * @param screen - what to show one who is new or left behind, and what they have to know besides
   * @param told - called whenever something was taken
   */
  constructor(screen: () => readonly [ScreenEvent, ...TerminalEvent[]], told: () => void) {
    this.#screen = screen;
    this.#told = told;
  }

  get keepsUp(): boolean {
    return this.#stale || this.#length < keepsUp;
  }

  tell(event: TerminalEvent): void {
    if (event.kind === 'ENDED') this.#ended = event;
    else if (!this.#stale) this.#keep(event);
    this.#wake?.();
  }

  /** @throws the signal's reason */
  async next(signal: AbortSignal): Promise<TerminalEvent> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#stale) {
        this.#stale = false;
        const [screen, ...besides] = this.#screen();
        this.#waiting = [...pieces(screen), ...besides];
        this.#length = 0;
      }
      const event = this.#waiting.shift();
      if (event) {
        this.#length = Math.max(0, this.#length - weightOf(event));
        this.#told();
        return event;
      }
      const last = this.#ended;
      this.#ended = undefined;
      if (last) return last;
      await this.#news(signal);
    }
  }

  #keep(event: TerminalEvent): void {
    const last = this.#waiting.at(-1);
    if (
      event.kind === 'OUTPUT' &&
      last?.kind === 'OUTPUT' &&
      last.text.length + event.text.length <= pieceLength
    )
      this.#waiting[this.#waiting.length - 1] = { kind: 'OUTPUT', text: last.text + event.text };
    // However often it was changed meanwhile, one who is behind needs the last size alone.
    else if (event.kind !== 'OUTPUT' && last?.kind === event.kind) {
      this.#waiting[this.#waiting.length - 1] = event;
      return;
    } else this.#waiting.push(event);
    this.#length += weightOf(event);
    if (this.#length <= maxBehind) return;
    this.#stale = true;
    this.#waiting = [];
    this.#length = 0;
  }

  #news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

/** What waiting for it costs. Characters. */
function weightOf(event: TerminalEvent): number {
  return 'text' in event ? event.text.length : 64;
}

function pieces(screen: ScreenEvent): TerminalEvent[] {
  const { text } = screen;
  const rest: TerminalEvent[] = [];
  let at = cut(text, 0);
  const first: TerminalEvent = { ...screen, text: text.slice(0, at) };
  while (at < text.length) {
    const to = cut(text, at);
    rest.push({ kind: 'OUTPUT', text: text.slice(at, to) });
    at = to;
  }
  return [first, ...rest];
}

/** Where a piece that begins here ends: never within a character. */
function cut(text: string, from: number): number {
  const to = Math.min(text.length, from + pieceLength);
  const unit = text.charCodeAt(to - 1);
  return to < text.length && unit >= 0xd800 && unit <= 0xdbff ? to - 1 : to;
}

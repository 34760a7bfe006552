import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../errors.ts';
import type { Screen } from './screen.ts';
import type {
  Shell,
  Size,
  Terminal,
  TerminalEnd,
  TerminalEnded,
  TerminalEvent,
  TerminalPlace,
} from './terminal.ts';
import { OutputText } from './text.ts';
import { Viewer } from './viewer.ts';

const maxViewers = 16;
/** One, and one whose link broke and was not missed yet. */
const maxRecorders = 2;
/** Input that the shell has not taken yet. Bytes. */
const maxQueued = 256 * 1024;
/** Between two pieces of output while nobody looks: 1 MB/s, so that work goes on and a flood costs little. Ms. */
const unseenPause = 16;
/** Between two pieces of output that were work to show. Ms. */
const longestPause = 20;

export interface SessionTimes {
  /** How long it lives without a viewer. Ms. @default 60_000 */
  readonly unseenMs: number;
  /** How long it lives without input. Ms. */
  readonly idleMs: number;
  /** How long before that whoever looks is warned. Ms. */
  readonly warnMs: number;
}

export interface SessionOptions {
  readonly id: string;
  readonly place: TerminalPlace;
  readonly containerId: string | null;
  /** Reaches beyond its container, so it takes docker:containers:privileged besides. */
  readonly privileged: boolean;
  readonly actor: string;
  readonly size: Size;
  readonly shell: Shell;
  readonly screen: Screen;
  readonly times: SessionTimes;
  /** Called once, when the shell has ended. @param clean - nothing of it is left */
  readonly onEnd: (ended: TerminalEnded, clean: boolean) => void;
}

/** One who follows a terminal. */
export interface Attached {
  readonly next: Viewer['next'];
  readonly leave: () => void;
}

/** A shell and whoever looks at it. It lives apart from them, for a while without any. */
export class Session {
  readonly #options: SessionOptions;
  readonly #openedAt = Date.now();
  /** Each with whom it belongs to. */
  readonly #viewers = new Map<Viewer, string>();
  /** They keep nothing alive, and nothing waits for them: one that falls behind goes on from a fresh screen. */
  readonly #recorders = new Set<Viewer>();
  #size: Size;
  /** What the shell was told. */
  #shaped: Size | undefined;
  #shaping: Promise<void> = Promise.resolve();
  #unseen: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** When it ends unless somebody types, once that was told. Ms of the monotonic clock. */
  #idleEnd: number | undefined;
  #ending: Promise<void> | undefined;
  #reason: TerminalEnd | undefined;
  #resume: (() => void) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#size = options.size;
    this.#shaped = options.size;
    this.#awaitViewer();
    this.#awaitInput();
    void this.#read();
  }

  get place(): TerminalPlace {
    return this.#options.place;
  }

  get privileged(): boolean {
    return this.#options.privileged;
  }

  view(): Terminal {
    const { id, containerId, privileged, actor } = this.#options;
    return {
      id,
      containerId,
      privileged,
      actor,
      openedAt: this.#openedAt,
      viewers: this.#viewers.size,
      ...this.#size,
    };
  }

  /** @throws AgentError CONFLICT when too many look */
  attach(actor: string): Attached {
    if (this.#viewers.size >= maxViewers) {
      throw new AgentError('CONFLICT', `At most ${maxViewers} viewers can follow one terminal.`);
    }
    clearTimeout(this.#unseen);
    const viewer = new Viewer(
      () => this.#begin(),
      () => this.#goOn(),
    );
    this.#viewers.set(viewer, actor);
    this.#goOn();
    return {
      next: (signal) => viewer.next(signal),
      leave: () => {
        if (!this.#viewers.delete(viewer)) return;
        this.#goOn();
        if (this.#viewers.size === 0 && !this.#ending) this.#awaitViewer();
      },
    };
  }

  /** For a recording of what is shown. @throws AgentError CONFLICT when there are too many */
  record(): Attached {
    if (this.#recorders.size >= maxRecorders) {
      throw new AgentError('CONFLICT', `At most ${maxRecorders} recordings can be made of one terminal.`);
    }
    const recorder = new Viewer(
      () => this.#begin(),
      () => undefined,
    );
    this.#recorders.add(recorder);
    return {
      next: (signal) => recorder.next(signal),
      leave: () => void this.#recorders.delete(recorder),
    };
  }

  /** What somebody begins with who comes, or comes back. */
  #begin(): [Extract<TerminalEvent, { kind: 'SCREEN' }>, ...TerminalEvent[]] {
    const screen = { kind: 'SCREEN', text: this.#options.screen.snapshot(), ...this.#size } as const;
    if (this.#idleEnd === undefined) return [screen];
    const endsInMs = Math.max(0, Math.round(this.#idleEnd - performance.now()));
    return [screen, { kind: 'IDLE', endsInMs }];
  }

  /** @throws AgentError CONFLICT when the shell takes nothing */
  write(text: string): void {
    if (this.#options.shell.queued() > maxQueued) {
      throw new AgentError('CONFLICT', 'The program in this terminal does not read what is typed.');
    }
    this.#awaitInput();
    this.#options.shell.write(text);
  }

  /** While whoever opened it looks at it, only they change its size: it is their screen that would be torn. */
  async resize(size: Size, actor: string): Promise<void> {
    const { actor: opener } = this.#options;
    if (actor !== opener && [...this.#viewers.values()].includes(opener)) return;
    if (!same(size, this.#size)) {
      this.#size = size;
      this.#options.screen.resize(size);
      this.#tell({ kind: 'RESIZED', ...size });
    }
    // One at a time, and always to the newest: of two at once the engine could take the older last.
    this.#shaping = this.#shaping.catch(() => undefined).then(() => this.#shape());
    await this.#shaping;
  }

  async #shape(): Promise<void> {
    const size = this.#size;
    if (this.#shaped && same(size, this.#shaped)) return;
    this.#shaped = undefined;
    await this.#options.shell.resize(size);
    this.#shaped = size;
  }

  /** Resolves when it is over, and told. */
  end(reason: TerminalEnd): Promise<void> {
    this.#ending ??= this.#end(reason);
    return this.#ending;
  }

  async #end(reason: TerminalEnd): Promise<void> {
    this.#reason = reason;
    clearTimeout(this.#unseen);
    clearTimeout(this.#idle);
    const { shell, onEnd } = this.#options;
    this.#goOn();
    const clean = await shell.end();
    shell.output.destroy();
    const end = reason === 'EXITED' ? await this.#exited() : { reason, exitCode: null };
    const { id } = this.#options;
    onEnd({ id, ...end, openedAt: this.#openedAt, endedAt: Date.now() }, clean);
    this.#tell({ kind: 'ENDED', ...end });
  }

  /** An engine that goes away closes the connection as a shell does that ends. */
  async #exited(): Promise<{ readonly reason: TerminalEnd; readonly exitCode: number | null }> {
    try {
      return { reason: 'EXITED', exitCode: await this.#options.shell.exitCode() };
    } catch (error) {
      const lost = error instanceof AgentError && error.code === 'DOCKER_UNAVAILABLE';
      return { reason: lost ? 'LOST' : 'EXITED', exitCode: null };
    }
  }

  async #read(): Promise<void> {
    const { shell, screen } = this.#options;
    const texts = new OutputText();
    let reason: TerminalEnd = 'EXITED';
    try {
      for await (const chunk of shell.output) {
        if (!Buffer.isBuffer(chunk)) continue;
        for (const text of texts.take(chunk)) {
          const begun = performance.now();
          await screen.write(text, () => this.#tell({ kind: 'OUTPUT', text }));
          // A shell that writes without end gets half of the time at most.
          const took = performance.now() - begun;
          await (took < 1 ? turn() : sleep(Math.min(took, longestPause), undefined, { ref: false }));
          await this.#room();
        }
      }
    } catch {
      reason = 'LOST';
    }
    await this.end(reason);
  }

  /** The fastest viewer sets the pace. */
  async #room(): Promise<void> {
    if (this.#reason) return;
    if (this.#viewers.size === 0) {
      await sleep(unseenPause, undefined, { ref: false });
      return;
    }
    while (
      !this.#reason &&
      this.#viewers.size > 0 &&
      ![...this.#viewers.keys()].some(({ keepsUp }) => keepsUp)
    ) {
      await new Promise<void>((resolve) => (this.#resume = resolve));
    }
  }

  #goOn(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  #tell(event: TerminalEvent): void {
    for (const viewer of this.#viewers.keys()) viewer.tell(event);
    for (const recorder of this.#recorders) recorder.tell(event);
  }

  #awaitViewer(): void {
    clearTimeout(this.#unseen);
    this.#unseen = setTimeout(() => void this.end('ABANDONED'), this.#options.times.unseenMs).unref();
  }

  #awaitInput(): void {
    clearTimeout(this.#idle);
    if (this.#idleEnd !== undefined) this.#tell({ kind: 'IDLE', endsInMs: null });
    this.#idleEnd = undefined;
    const { idleMs, warnMs } = this.#options.times;
    const endsInMs = Math.min(warnMs, idleMs);
    this.#idle = setTimeout(() => {
      this.#idleEnd = performance.now() + endsInMs;
      this.#tell({ kind: 'IDLE', endsInMs });
      this.#idle = setTimeout(() => void this.end('IDLE'), endsInMs).unref();
    }, idleMs - endsInMs).unref();
  }
}

const same = (one: Size, other: Size): boolean => one.columns === other.columns && one.rows === other.rows;

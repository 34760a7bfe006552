import type { Failure } from '../api/failure.ts';
import { toFailure } from '../api/failure.ts';
import { mutate, subscribe } from '../api/operations.ts';
import type {
  TerminalEnd,
  TerminalRecordingEnd,
  Terminals_FollowSubscription,
} from '../generated/graphql.ts';
import { documentsOf, type TerminalPlace } from './documents.ts';
import type { Screen } from './screen.ts';
import { Sizing, type Size } from './sizing.ts';
import { Typing } from './typing.ts';

type Event = Terminals_FollowSubscription['event'];

/** What is shown is told in steps of so many characters; a quarter of what may be under way. */
const tellEvery = 32 * 1024;
const againMs = 1500;
/** An agent keeps a terminal for a minute; it may take as long again to come back. */
const givenUpMs = 120_000;

/** Failures of the way, which may be there again in a moment. */
const passing = new Set([
  'AGENT_OFFLINE',
  'AGENT_TIMEOUT',
  'DOCKER_ERROR',
  'DOCKER_UNAVAILABLE',
  'NETWORK',
  'OUTCOME_UNKNOWN',
  'UNAVAILABLE',
]);

export type TerminalState = 'joining' | 'open' | 'waiting' | 'ended';

/** A terminal that somebody looks at. Reconnects by itself for as long as the agent keeps it. */
export class OpenTerminal {
  readonly place: TerminalPlace;
  readonly serverId: string;
  readonly id: string;
  state = $state<TerminalState>('joining');
  /** Why it ended; null when it is not known any more. */
  reason = $state<TerminalEnd | null>(null);
  exitCode = $state<number | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** When it ends unless somebody types, by this machine's clock; null while that is far off. */
  endsAt = $state<number | null>(null);
  recorded = $state(false);
  /** Why it is recorded no more; null while it is, or never was. */
  recordingEnd = $state<TerminalRecordingEnd | null>(null);

  readonly #viewerId = crypto.getRandomValues(new Uint32Array(4)).join('-');
  readonly #typing = new Typing((text) => this.#write(text));
  readonly #sizing = new Sizing({
    wanted: () => (this.state === 'open' ? this.#screen?.fitting() : undefined),
    shown: () => ({ columns: this.#screen?.columns ?? 0, rows: this.#screen?.rows ?? 0 }),
    ask: (size) => this.#resize(size),
  });
  #screen: Screen | undefined;
  #stop: (() => void) | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** A size that was refused is asked for again. */
  #refit: ReturnType<typeof setTimeout> | undefined;
  #lostAt: number | undefined;
  #shown = 0;

  constructor(place: TerminalPlace, serverId: string, id: string) {
    this.place = place;
    this.serverId = serverId;
    this.id = id;
  }

  get #documents() {
    return documentsOf[this.place];
  }

  /** @returns stops to look; the terminal goes on */
  show(screen: Screen): () => void {
    this.#screen = screen;
    this.#follow();
    return () => {
      clearTimeout(this.#again);
      clearTimeout(this.#refit);
      this.#stop?.();
      this.#screen = undefined;
    };
  }

  type(text: string): void {
    if (this.state === 'open') this.#typing.type(text);
  }

  /** Makes it as large as the place there is for it. */
  fit(): void {
    this.#sizing.fit();
  }

  async close(): Promise<void> {
    try {
      await mutate(this.#documents.close, { input: { serverId: this.serverId, terminalId: this.id } });
    } catch (error) {
      this.#refused(error);
    }
  }

  #follow(): void {
    this.#stop?.();
    this.#shown = 0;
    this.recorded = false;
    this.#stop = subscribe(
      this.#documents.follow,
      { serverId: this.serverId, terminalId: this.id, viewerId: this.#viewerId },
      {
        next: ({ event }) => this.#take(event),
        failed: (failure) => this.#lost(failure),
        ended: () => this.#end(this.reason, this.exitCode),
      },
    );
  }

  #take({ kind, text, columns, rows, reason, exitCode, endsInMs, recorded, recordingEnd }: Event): void {
    const screen = this.#screen;
    if (!screen) return;
    if (kind === 'ENDED' || kind === 'RECORDING') this.recordingEnd = recordingEnd ?? null;
    if (kind === 'ENDED') this.#end(reason, exitCode);
    if (kind === 'RECORDING') this.recorded = recorded === true;
    if (kind === 'IDLE') this.endsAt = typeof endsInMs === 'number' ? Date.now() + endsInMs : null;
    if (kind === 'SCREEN') {
      screen.reset(columns ?? 80, rows ?? 24);
      this.#sizing.forget();
      this.#lostAt = undefined;
      this.failure = null;
      this.endsAt = null;
      this.state = 'open';
    }
    if (kind === 'RESIZED') screen.resize(columns ?? 80, rows ?? 24);
    if (text === null || text === undefined || text === '') {
      if (kind === 'SCREEN') this.fit();
      return;
    }
    screen.write(text, () => {
      this.#tellShown(text.length);
      if (kind === 'SCREEN') this.fit();
    });
  }

  /** Without this the server would send faster than a browser can draw. */
  #tellShown(characters: number): void {
    this.#shown += characters;
    if (this.#shown < tellEvery) return;
    const shown = this.#shown;
    this.#shown = 0;
    mutate(this.#documents.shown, {
      input: { serverId: this.serverId, viewerId: this.#viewerId, characters: shown },
    }).catch(() => (this.#shown += shown));
  }

  async #write(text: string): Promise<void> {
    try {
      await mutate(this.#documents.write, { input: { serverId: this.serverId, terminalId: this.id, text } });
    } catch (error) {
      this.#refused(error);
      throw error;
    }
  }

  async #resize(size: Size): Promise<void> {
    try {
      await mutate(this.#documents.resize, {
        input: { serverId: this.serverId, terminalId: this.id, ...size },
      });
      if (this.#refit !== undefined) this.failure = null;
      this.#refit = undefined;
    } catch (error) {
      this.#refused(error);
      if (passing.has(toFailure(error).code)) {
        clearTimeout(this.#refit);
        this.#refit = setTimeout(() => this.fit(), againMs);
      }
      throw error;
    }
  }

  #refused(error: unknown): void {
    const failure = toFailure(error);
    if (failure.code === 'NOT_FOUND') this.#end(this.reason, this.exitCode);
    else this.failure = failure;
  }

  #lost(failure: Failure): void {
    if (this.state === 'ended') return;
    this.#lostAt ??= Date.now();
    if (passing.has(failure.code) && Date.now() - this.#lostAt < givenUpMs) {
      this.state = 'waiting';
      this.#again = setTimeout(() => this.#follow(), againMs);
      return;
    }
    if (failure.code !== 'NOT_FOUND') this.failure = failure;
    this.#end(null, null);
  }

  #end(reason: TerminalEnd | null | undefined, exitCode: number | null | undefined): void {
    this.reason = reason ?? null;
    this.exitCode = exitCode ?? null;
    this.endsAt = null;
    this.recorded = false;
    this.state = 'ended';
  }
}

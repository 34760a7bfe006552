import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import type { AgentLink } from '../../agents/link.ts';
import { readBulk } from '../../agents/bulk.ts';
import { isServerKitError, ServerKitError } from '../../errors.ts';
import type { ContainerTerminalSubscription } from '../../generated/agent/graphql.ts';
import { errorCode } from '../../startup-error.ts';
import { places, type Place } from '../places.ts';
import { headerLine, markLine, outputLine, resizeLine } from './cast.ts';
import { DiskStalled, inTime, type RecordingFile } from './file.ts';

type Event = ContainerTerminalSubscription['event'];

/** What a terminal of a working day stays below, and a flood reaches in a minute or so. Bytes. */
export const mostBytes = 32 * 1024 * 1024;

/** A terminal that nobody looks at ends within a minute: when its server is away for longer, nothing more comes. Milliseconds. */
export const longestAwayMs = 10 * 60_000;

/** Empties a screen with all its settings (RIS): what was missed left it in a state that is not known. */
const emptied = '\u001bc';

/**
 * - `COMPLETE`: it ended with its terminal
 * - `LOST`: the terminal ended while its server was out of reach
 * - `CUT_OFF`: its server went out of reach and did not come back
 * - `TOO_LARGE`: it reached the most that one may hold
 * - `OVER_BUDGET`: all recordings together reached the most that they may hold, and no other could make room
 * - `DISK_FULL`: there was no room left for it
 * - `DISK_STALLED`: the disk did not answer
 * - `FAILED`: anything else
 */
export const recordingEnds = [
  'COMPLETE',
  'LOST',
  'CUT_OFF',
  'TOO_LARGE',
  'OVER_BUDGET',
  'DISK_FULL',
  'DISK_STALLED',
  'FAILED',
] as const;
export type RecordingEnd = (typeof recordingEnds)[number];

/** Why there is no room for more. */
export type NoRoom = Extract<RecordingEnd, 'OVER_BUDGET' | 'DISK_FULL'>;

export interface Recorded {
  readonly id: string;
  readonly serverId: string;
  readonly terminalId: string;
  readonly place: Place;
  readonly privileged: boolean;
  /** Without it the terminal is closed. */
  readonly required: boolean;
  readonly startedAt: Date;
  readonly title: string;
}

export interface RecorderOptions {
  readonly recorded: Recorded;
  readonly file: Pick<RecordingFile, 'pieces' | 'bytes' | 'failed' | 'write' | 'close'>;
  /** Of what is in the file already. @default 0 */
  readonly sizeBytes?: number;
  /** Looks for room for more. @returns why there is none */
  readonly room: () => Promise<NoRoom | undefined>;
  /** Called at once when it ends before its terminal does, and before `onEnd`: a disk may take long to close the file. */
  readonly onEarly: (recorder: Recorder, end: EarlyEnd) => void;
  /** Called once, when there will be no more of it; the file is closed by then. */
  readonly onEnd: (recorder: Recorder, end: RecordingEnd, cause?: unknown) => Promise<void>;
  /** @default {@link mostBytes} */
  readonly limitBytes?: number;
  /** @default {@link longestAwayMs} */
  readonly awayMs?: number;
}

/**
 * Writes what a terminal shows to a file, whoever looks at it. The terminal never waits: a disk that is slow loses what was
 * shown meanwhile, which leaves a mark, and goes on from the screen as it is then. So it does when the link broke.
 */
export class Recorder {
  readonly recorded: Recorded;
  readonly #options: RecorderOptions;
  #sizeBytes: number;
  #lastMs = 0;
  #begun: boolean;
  #reading: AbortController | undefined;
  /** A link that came while the one before was read. */
  #next: AgentLink | undefined;
  #attached = Promise.withResolvers<void>();
  #ready = false;
  #over = false;
  /** Runs while nothing that is shown arrives. */
  #away: NodeJS.Timeout | undefined;
  /** How many pieces there were when room for more was looked for last. */
  #looked: number | undefined;

  constructor(options: RecorderOptions) {
    this.recorded = options.recorded;
    this.#options = options;
    this.#sizeBytes = options.sizeBytes ?? 0;
    this.#begun = this.#sizeBytes > 0;
    this.#attached.promise.catch(() => undefined);
    void options.file.failed.then((error) => this.end(endOf(error), error));
    this.#await();
  }

  #await(): void {
    const { awayMs = longestAwayMs } = this.#options;
    this.#away ??= setTimeout(() => void this.end('CUT_OFF'), awayMs).unref();
  }

  #arrived(): void {
    clearTimeout(this.#away);
    this.#away = undefined;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get durationMs(): number {
    return this.#lastMs;
  }

  get pieces(): number {
    return this.#options.file.pieces;
  }

  /** Of the disk. */
  get bytes(): number {
    return this.#options.file.bytes;
  }

  /** Whether it reads what is shown. */
  get attached(): boolean {
    return this.#ready;
  }

  /** Resolves once what is shown is being written. @throws ServerKitError RECORDING_FAILED once it ended */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#ready) return;
    const left = Promise.withResolvers<never>();
    const leave = (): void =>
      left.reject(recordingFailed('It is not being recorded yet: its server does not answer.'));
    signal.addEventListener('abort', leave, { once: true });
    try {
      await Promise.race([this.#attached.promise, left.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Reads what the terminal shows over this link, until the link breaks or the terminal ends. */
  attach(link: AgentLink): void {
    if (this.#over) return;
    this.#next = this.#reading && link;
    // One that broke is read to its end first.
    if (this.#reading) return;
    const reading = new AbortController();
    this.#reading = reading;
    void this.#read(link, reading.signal)
      .catch(async (error: unknown) => {
        // Whatever is not foreseen ends it, and what depends on it.
        await this.end(endOf(error), error);
      })
      .finally(() => {
        this.#reading = undefined;
        this.#unready();
        if (this.#next && !this.#next.closed.aborted) this.attach(this.#next);
      });
  }

  #unready(): void {
    if (this.#ready) {
      this.#attached = Promise.withResolvers<void>();
      this.#attached.promise.catch(() => undefined);
    }
    this.#ready = false;
    if (!this.#over) this.#await();
  }

  async #read(link: AgentLink, signal: AbortSignal): Promise<void> {
    const { place, terminalId: id, privileged } = this.recorded;
    const { follow, scope } = places[place];
    const events = readBulk(
      link,
      {
        document: follow,
        variables: { id, windowBytes: bulkWindowBytes, recording: true },
        scopes: privileged ? [scope, 'docker:containers:privileged'] : [scope],
        pieceOf: ({ event }) => event,
        bytesOf: ({ text }: Event) => Buffer.byteLength(text ?? ''),
        weightOf: ({ text }: Event) => (text?.length ?? 0) + 64,
        noun: 'a terminal',
      },
      { actor: 'system', signal },
    );
    try {
      for await (const event of events) {
        if (event.kind === 'ENDED') return await this.end('COMPLETE');
        await this.#take(event);
        if (this.#over) return undefined;
      }
    } catch (error) {
      if (this.#over) return undefined;
      // It goes on with the next link.
      if (isServerKitError(error, 'AGENT_OFFLINE') || isServerKitError(error, 'OUTCOME_UNKNOWN'))
        return undefined;
      if (isServerKitError(error, 'NOT_FOUND')) return await this.end('LOST');
      return await this.end(endOf(error), error);
    }
    if (!signal.aborted && !link.closed.aborted) await this.end('FAILED');
    return undefined;
  }

  async #take(event: Event): Promise<void> {
    const atMs = this.#now();
    if (event.kind === 'SCREEN') {
      const [columns, rows, text] = [event.columns ?? 80, event.rows ?? 24, event.text ?? ''];
      await this.#write(
        this.#begun
          ? `${markLine(atMs, 'Something is missing here')}${resizeLine(atMs, columns, rows)}${outputLine(atMs, emptied + text)}`
          : headerLine({ columns, rows, ...this.recorded }) + (text === '' ? '' : outputLine(atMs, text)),
      );
      this.#begun = true;
      if (this.#over) return;
      this.#ready = true;
      this.#arrived();
      this.#attached.resolve();
    }
    if (event.kind === 'OUTPUT' && event.text) await this.#write(outputLine(atMs, event.text));
    if (event.kind === 'RESIZED') await this.#write(resizeLine(atMs, event.columns ?? 80, event.rows ?? 24));
  }

  /** Never before what was written last, whatever the clock of this machine does. */
  #now(): number {
    this.#lastMs = Math.max(this.#lastMs, Date.now() - this.recorded.startedAt.getTime());
    return this.#lastMs;
  }

  async #write(text: string): Promise<void> {
    const { file, room, limitBytes = mostBytes } = this.#options;
    const bytes = Buffer.byteLength(text);
    if (this.#sizeBytes + bytes > limitBytes) return this.end('TOO_LARGE');
    await file.write(text);
    this.#sizeBytes += bytes;
    // Pieces are written between two of these as well.
    if (file.pieces === this.#looked) return undefined;
    this.#looked = file.pieces;
    // A disk that hangs does not say what is free on it either.
    const none = await inTime(room());
    if (none) await this.end(none);
    return undefined;
  }

  /** Reads no more, and keeps what there is for whoever goes on with it. */
  async pause(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#arrived();
    this.#reading?.abort();
    await this.#options.file.close().catch(() => undefined);
  }

  /** Ends it, once. Resolves when that is stored. */
  async end(end: RecordingEnd, cause?: unknown): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#arrived();
    this.#unready();
    this.#reading?.abort();
    if (isEarly(end)) this.#options.onEarly(this, end);
    let became = end;
    let unwritten: unknown;
    await this.#options.file.close().catch((error: unknown) => {
      if (!isEarly(became)) became = endOf(error);
      unwritten = error;
    });
    this.#attached.reject(recordingFailed(whyFailed[became === 'COMPLETE' ? 'LOST' : became]));
    await this.#options.onEnd(this, became, cause ?? unwritten);
  }
}

/** The terminal goes on without it, unless it has to be recorded. */
export type EarlyEnd = Exclude<RecordingEnd, 'COMPLETE' | 'LOST' | 'CUT_OFF'>;

export function isEarly(end: RecordingEnd): end is EarlyEnd {
  return end !== 'COMPLETE' && end !== 'LOST' && end !== 'CUT_OFF';
}

export function endOf(error: unknown): EarlyEnd {
  if (error instanceof DiskStalled) return 'DISK_STALLED';
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'DISK_FULL' : 'FAILED';
}

export const whyFailed: Readonly<Record<Exclude<RecordingEnd, 'COMPLETE'>, string>> = {
  LOST: 'The terminal has ended.',
  CUT_OFF: 'Its server was out of reach for too long. Open another terminal.',
  TOO_LARGE: 'Its recording is as large as one may be. Open another terminal.',
  OVER_BUDGET:
    'Recordings take all the room that they may take. Ask an administrator to delete some, or to allow for more (Settings, Installation).',
  DISK_FULL: 'There is no room left for recordings where ServerKit keeps its data. Ask an administrator.',
  DISK_STALLED: 'The disk that ServerKit keeps its data on does not answer. Ask an administrator.',
  FAILED: 'The recording could not be written; the log of ServerKit says why. Ask an administrator.',
};

/** @param why - a sentence or two */
export function recordingFailed(why: string): ServerKitError {
  return new ServerKitError('RECORDING_FAILED', `This terminal has to be recorded, and is not. ${why}`);
}

import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import type { AgentLink } from '../../agents/link.ts';
import { readBulk } from '../../agents/bulk.ts';
import { isServerKitError, ServerKitError } from '../../errors.ts';
import type { ContainerTerminalSubscription } from '../../generated/agent/graphql.ts';
import { errorCode } from '../../startup-error.ts';
import { places, type Place } from '../places.ts';
import { headerLine, markLine, outputLine, resizeLine } from './cast.ts';
import type { RecordingFile } from './file.ts';

type Event = ContainerTerminalSubscription['event'];

/** What a terminal of a working day stays below, and a flood reaches in a minute or so. Bytes. */
export const mostBytes = 32 * 1024 * 1024;

/** A disk that takes longer for a piece is no disk that a terminal is recorded on. Milliseconds. */
const longestWriteMs = 10_000;

/** Empties a screen with all its settings (RIS): what was missed left it in a state that is not known. */
const emptied = '\u001bc';

/**
 * - `COMPLETE`: it ended with its terminal
 * - `LOST`: the terminal ended while its server was out of reach
 * - `TOO_LARGE`: it reached the most that one may hold
 * - `DISK_FULL`: there was no room left for it
 * - `FAILED`: anything else
 */
export const recordingEnds = ['COMPLETE', 'LOST', 'TOO_LARGE', 'DISK_FULL', 'FAILED'] as const;
export type RecordingEnd = (typeof recordingEnds)[number];

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
  readonly file: Pick<RecordingFile, 'pieces' | 'failed' | 'write' | 'close'>;
  /** Of what is in the file already. @default 0 */
  readonly sizeBytes?: number;
  /** Whether there is room on the disk. */
  readonly room: () => Promise<boolean>;
  /** Called at once when it ends before its terminal does, and before `onEnd`: a disk may take long to close the file. */
  readonly onEarly: (recorder: Recorder) => void;
  /** Called once, when there will be no more of it; the file is closed by then. */
  readonly onEnd: (recorder: Recorder, end: RecordingEnd, cause?: unknown) => Promise<void>;
  /** @default {@link mostBytes} */
  readonly limitBytes?: number;
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
  #writingSince: number | undefined;
  /** How many pieces there were when room for more was looked for last. */
  #looked: number | undefined;

  constructor(options: RecorderOptions) {
    this.recorded = options.recorded;
    this.#options = options;
    this.#sizeBytes = options.sizeBytes ?? 0;
    this.#begun = this.#sizeBytes > 0;
    this.#attached.promise.catch(() => undefined);
    void options.file.failed.then((error) => this.end(endOf(error), error));
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

  /** Whether it reads what is shown. */
  get attached(): boolean {
    return this.#ready;
  }

  /** Resolves once what is shown is being written. @throws ServerKitError RECORDING_FAILED once it ended, or stands still */
  async ready(signal: AbortSignal): Promise<void> {
    if (performance.now() - (this.#writingSince ?? Infinity) > longestWriteMs) {
      throw recordingFailed('The disk that ServerKit keeps its data on does not answer.');
    }
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
        await this.end('FAILED', error);
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
    this.#writingSince = performance.now();
    await file.write(text);
    this.#writingSince = undefined;
    this.#sizeBytes += bytes;
    // Pieces are written between two of these as well.
    if (file.pieces === this.#looked) return undefined;
    this.#looked = file.pieces;
    if (!(await room())) await this.end('DISK_FULL');
    return undefined;
  }

  /** Reads no more, and keeps what there is for whoever goes on with it. */
  async pause(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#reading?.abort();
    await this.#options.file.close().catch(() => undefined);
  }

  /** Ends it, once. Resolves when that is stored. */
  async end(end: RecordingEnd, cause?: unknown): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#unready();
    this.#reading?.abort();
    if (isEarly(end)) this.#options.onEarly(this);
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

/** Whether the terminal goes on without it. */
export function isEarly(end: RecordingEnd): boolean {
  return end !== 'COMPLETE' && end !== 'LOST';
}

function endOf(error: unknown): RecordingEnd {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'DISK_FULL' : 'FAILED';
}

const whyFailed: Readonly<Record<Exclude<RecordingEnd, 'COMPLETE'>, string>> = {
  LOST: 'The terminal has ended.',
  TOO_LARGE: 'Its recording is as large as one may be. Open another terminal.',
  DISK_FULL: 'There is no room left for recordings where ServerKit keeps its data. Ask an administrator.',
  FAILED: 'The recording could not be written; the log of ServerKit says why. Ask an administrator.',
};

/** @param why - a sentence or two */
export function recordingFailed(why: string): ServerKitError {
  return new ServerKitError('RECORDING_FAILED', `This terminal has to be recorded, and is not. ${why}`);
}

import { appendFile, mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from './errors.ts';

/** How a mutation ended. REFUSED: a check failed before anything was done. */
export type FinishedOutcome = 'SUCCEEDED' | 'FAILED' | 'REFUSED';

/**
 * What the journal knows of a mutation. INTERRUPTED: the agent's process ended between start and finish, so
 * the change may or may not have happened. UNKNOWN: never seen, or longer ago than the retention.
 */
export type OutcomeState = 'UNKNOWN' | 'STARTED' | 'INTERRUPTED' | FinishedOutcome;

export interface OperationOutcome {
  readonly id: string;
  readonly state: OutcomeState;
  readonly field?: string | undefined;
  /** Wall clock, ms since 1970. */
  readonly startedAt?: number | undefined;
  readonly finishedAt?: number | undefined;
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
}

/** Remembers what became of each mutation, so that an answer lost with the link can be asked for again. */
export interface Journal {
  /**
   * Must be awaited before the side effect: resolves once the entry is on the disk.
   *
   * @throws the file system's error; then the mutation must not run
   */
  started(id: string, field: string): Promise<void>;
  /** Message and code as they were sent to the control plane; no arguments, so no secrets. */
  finished(id: string, outcome: FinishedOutcome, code?: string, message?: string): Promise<void>;
  outcome(id: string): OperationOutcome;
  close(): Promise<void>;
}

/** Entries older than this are forgotten, ms. */
export const JOURNAL_RETENTION_MS = 24 * 60 * 60 * 1000;

/** More mutations than this in a day are not remembered: the oldest go first. About 3 MB of memory. */
const MAX_ENTRIES = 10_000;
/** The file is rewritten without forgotten entries when it holds this many lines more than needed. */
const SLACK_LINES = 4_000;
/** Given back to the file system when it is full, so that somebody can still free space through the agent. */
const RESERVE_BYTES = 256 * 1024;
const MAX_MESSAGE = 500;

interface Line {
  readonly id: string;
  readonly at: number;
  /** Present on a start. */
  readonly field?: string;
  /** Present on a finish. */
  readonly outcome?: FinishedOutcome;
  readonly code?: string;
  readonly message?: string;
}

const finishedOutcomes: ReadonlySet<unknown> = new Set<FinishedOutcome>(['SUCCEEDED', 'FAILED', 'REFUSED']);

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null) return false;
  if (!('id' in value) || typeof value.id !== 'string') return false;
  if (!('at' in value) || typeof value.at !== 'number') return false;
  if ('field' in value) return typeof value.field === 'string';
  return 'outcome' in value && finishedOutcomes.has(value.outcome);
}

/** A crash can tear the last line; a torn line says nothing, so it is passed over. */
function parse(text: string): Line[] {
  const lines: Line[] = [];
  for (const line of text.split('\n')) {
    try {
      const value: unknown = JSON.parse(line);
      if (isLine(value)) lines.push(value);
    } catch {
      continue;
    }
  }
  return lines;
}

function toLines(entry: OperationOutcome): Line[] {
  const { id, state, field = '', startedAt, finishedAt, errorCode, errorMessage } = entry;
  const lines: Line[] = startedAt === undefined ? [] : [{ id, at: startedAt, field }];
  if (finishedAt !== undefined && (state === 'SUCCEEDED' || state === 'FAILED' || state === 'REFUSED')) {
    lines.push({
      id,
      at: finishedAt,
      outcome: state,
      ...(errorCode === undefined ? {} : { code: errorCode }),
      ...(errorMessage === undefined ? {} : { message: errorMessage }),
    });
  }
  return lines;
}

class FileJournal implements Journal {
  readonly #file: string;
  readonly #now: () => number;
  readonly #entries = new Map<string, OperationOutcome>();
  #handle: FileHandle | undefined;
  #lines = 0;
  #closed = false;
  #tail: Promise<void> = Promise.resolve();

  constructor(file: string, now: () => number) {
    this.#file = file;
    this.#now = now;
  }

  async load(): Promise<void> {
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    for (const line of parse(await readIfThere(this.#file))) this.#apply(line);
    for (const [id, entry] of this.#entries) {
      if (entry.state === 'STARTED') this.#entries.set(id, { ...entry, state: 'INTERRUPTED' });
    }
    await this.#tryCompact();
  }

  started(id: string, field: string): Promise<void> {
    return this.#write({ id, at: this.#now(), field });
  }

  finished(id: string, outcome: FinishedOutcome, code?: string, message?: string): Promise<void> {
    return this.#write({
      id,
      at: this.#now(),
      outcome,
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message: message.slice(0, MAX_MESSAGE) }),
    });
  }

  outcome(id: string): OperationOutcome {
    const entry = this.#entries.get(id);
    if (!entry || this.#isForgotten(entry)) return { id, state: 'UNKNOWN' };
    return entry;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#tail;
    await this.#release();
  }

  /** Writes are queued: two appends at once could interleave, and a compaction must see neither half-done. */
  #write(line: Line): Promise<void> {
    const turn = this.#tail.then(async () => {
      await this.#append(line);
      this.#apply(line);
      if (this.#lines > 2 * this.#entries.size + SLACK_LINES) await this.#tryCompact();
    });
    this.#tail = turn.catch(() => {});
    return turn;
  }

  async #append(line: Line): Promise<void> {
    const text = `${JSON.stringify(line)}\n`;
    try {
      await this.#appendOnce(text);
    } catch (error) {
      if (systemCode(error) !== 'ENOSPC') throw error;
      await this.#spendReserve();
      await this.#appendOnce(text);
    }
  }

  async #appendOnce(text: string): Promise<void> {
    try {
      const handle = this.#handle ?? (await this.#reopen());
      await appendFile(handle, text);
      await handle.datasync();
      this.#lines++;
      // A change that was under way when the agent was told to stop still gets its end written down.
      if (this.#closed) await this.#release();
    } catch (error) {
      await this.#release();
      throw error;
    }
  }

  /** What was written last may be torn, by a crash or a full disk: a line of ours must not be glued to it. */
  async #reopen(): Promise<FileHandle> {
    const handle = await open(this.#file, 'a', 0o600);
    this.#handle = handle;
    await appendFile(handle, '\n');
    return handle;
  }

  async #release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #apply(line: Line): void {
    const before = this.#entries.get(line.id);
    if (line.outcome === undefined) {
      this.#entries.set(line.id, { id: line.id, state: 'STARTED', field: line.field, startedAt: line.at });
    } else {
      this.#entries.set(line.id, {
        id: line.id,
        field: before?.field,
        startedAt: before?.startedAt,
        state: line.outcome,
        finishedAt: line.at,
        errorCode: line.code,
        errorMessage: line.message,
      });
    }
    this.#forget();
  }

  #isForgotten(entry: OperationOutcome): boolean {
    const age = this.#now() - (entry.finishedAt ?? entry.startedAt ?? 0);
    return entry.state !== 'STARTED' && age > JOURNAL_RETENTION_MS;
  }

  /** The map keeps insertion order, so the oldest come first. */
  #forget(): void {
    for (const [id, entry] of this.#entries) {
      if (this.#entries.size <= MAX_ENTRIES && !this.#isForgotten(entry)) return;
      this.#entries.delete(id);
    }
  }

  /** Not being able to shorten the file is no reason to lose what is in it, or to refuse work. */
  async #tryCompact(): Promise<void> {
    try {
      await this.#compact();
    } catch {
      this.#lines = 0;
    }
  }

  /** Rewrites the file beside the old one and renames it over: a crash leaves one or the other, whole. */
  async #compact(): Promise<void> {
    const lines = [...this.#entries.values()].flatMap(toLines);
    const next = `${this.#file}.next`;
    const handle = await open(next, 'w', 0o600);
    try {
      await handle.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await this.#release();
    await rename(next, this.#file);
    await syncFolder(path.dirname(this.#file));
    this.#lines = lines.length;
    await this.#keepReserve();
  }

  async #keepReserve(): Promise<void> {
    const handle = await open(`${this.#file}.reserve`, 'w', 0o600);
    try {
      await handle.writeFile(Buffer.alloc(RESERVE_BYTES, 0x20));
    } catch {
      // A full disk now only means that there is nothing to give back later.
    } finally {
      await handle.close();
    }
  }

  async #spendReserve(): Promise<void> {
    const handle = await open(`${this.#file}.reserve`, 'w', 0o600);
    await handle.close();
  }
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** A rename is on the disk only when its directory is (fsync(2), NOTES). */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Opens or creates the journal.
 *
 * @param now wall clock in ms, replaced in tests
 * @throws the file system's error when it can be neither read nor written
 */
export async function openJournal(file: string, now: () => number = Date.now): Promise<Journal> {
  const journal = new FileJournal(file, now);
  await journal.load();
  return journal;
}

import type pg from 'pg';
import type { Logger } from 'pino';
import { errorCode } from '../startup-error.ts';
import { Columns, type Row } from './columns.ts';
import { storeSamples, type NewShape, type StoredResult, type Superseded } from './store-samples.ts';

/** A row waits at most this long (ms) for others, or for this many. */
const flushAfterMs = 100;
const flushRows = 500;

/** Beyond this many waiting rows no more are taken: some 10 MB. */
const mostWaitingRows = 20_000;

/** Shapes known to be in the database; forgetting one only means to offer it again. */
const rememberedShapes = 50_000;

const dayMs = 24 * 60 * 60 * 1000;

export interface WriterOptions {
  readonly pool: pg.Pool;
  readonly log: Logger;
  /** The database takes nothing now. All rows that waited are dropped: agents will send them again. */
  readonly onFailure: (error: unknown) => void;
  /** The rows of these links were dropped, and always will be. */
  readonly onSuperseded: (links: readonly Superseded[]) => void;
  readonly onStored: () => void;
}

/** Rows of all servers, written together: one transaction for up to 500 rows or 100 ms, and one at a time. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #knownShapes = new Set<string>();
  #waiting = new Batch();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #stored = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#waiting.rows.rows >= mostWaitingRows;
  }

  /** Rows stored since the start. */
  get stored(): number {
    return this.#stored;
  }

  add(row: Row): void {
    this.#waiting.add(row, this.#knownShapes);
    if (this.#waiting.rows.rows >= flushRows) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), flushAfterMs);
  }

  /** Resolves when everything that was added so far is stored or dropped. */
  async settled(): Promise<void> {
    while (this.#flushing || this.#waiting.rows.rows > 0) {
      this.#flush();
      await this.#flushing;
    }
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#flushing || this.#waiting.rows.rows === 0) return;
    const batch = this.#waiting;
    this.#waiting = new Batch();
    this.#flushing = this.#write(batch).finally(() => {
      this.#flushing = undefined;
      if (this.#waiting.rows.rows > 0) this.#flush();
    });
  }

  async #write(batch: Batch): Promise<void> {
    const { pool, onFailure } = this.#options;
    try {
      this.#done(batch, await storeSamples(pool, batch.rows, batch.shapes));
    } catch (error) {
      if (isAboutData(error)) {
        await this.#writeOneByOne(batch, error);
        return;
      }
      // Before anything else is written: a later row must not move a cursor past what was lost here.
      this.#waiting = new Batch();
      onFailure(error);
    }
  }

  /**
   * Everything was checked before, so the database has no reason to refuse a value. Should it find one all the same,
   * one server's sample must not keep those of all others out.
   */
  async #writeOneByOne(batch: Batch, cause: unknown): Promise<void> {
    const { pool, log, onFailure } = this.#options;
    log.error({ err: cause }, 'the database refused a batch of metrics; writing its samples one by one');
    for (let row = 0; row < batch.rows.rows; row++) {
      try {
        this.#done(batch, await storeSamples(pool, batch.rows, batch.shapes, row));
      } catch (error) {
        if (isAboutData(error)) continue;
        this.#waiting = new Batch();
        onFailure(error);
        return;
      }
    }
  }

  #done(batch: Batch, { stored, superseded }: StoredResult): void {
    this.#stored += stored;
    if (this.#knownShapes.size > rememberedShapes) this.#knownShapes.clear();
    for (const shape of batch.shapes) this.#knownShapes.add(keyOf(shape));
    if (superseded.length > 0) this.#options.onSuperseded(superseded);
    this.#options.onStored();
  }
}

class Batch {
  readonly rows = new Columns();
  readonly #shapes = new Map<string, NewShape>();

  get shapes(): readonly NewShape[] {
    return [...this.#shapes.values()];
  }

  add(row: Row, known: ReadonlySet<string>): void {
    this.rows.add(row);
    const { serverNumber, placement, shape } = row;
    const at = placement.at - (placement.at % dayMs);
    const key = keyOf({ serverNumber, hash: shape.hash, at });
    if (!known.has(key)) this.#shapes.set(key, { serverNumber, hash: shape.hash, at, body: shape.body });
  }
}

function keyOf({ serverNumber, hash, at }: Omit<NewShape, 'body'>): string {
  return `${serverNumber} ${hash} ${at}`;
}

/**
 * Classes 22 (data exception) and 23 (integrity constraint violation) of PostgreSQL's appendix A. 23514 is left out: it
 * is what a missing partition gives, which is our fault and passes.
 */
function isAboutData(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  return /^2[23]/.test(code) && code !== '23514';
}

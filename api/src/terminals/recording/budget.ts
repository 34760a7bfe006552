import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import type { TerminalRecording } from '@serverkit/prisma/generated/client/client.ts';
import type { Database } from '../../database/database.ts';
import { errorCode } from '../../startup-error.ts';

const dayMs = 24 * 60 * 60_000;

/** Rows that are read at a time. */
const atOnce = 50;

/** A file that is being written. */
export interface Growing {
  readonly path: string;
  readonly bytes: number;
}

export interface BudgetOptions {
  readonly db: Pick<Database, 'prisma'>;
  readonly log: Logger;
  readonly directory: string;
  readonly pathOf: (row: Pick<TerminalRecording, 'id' | 'serverId'>) => string;
  /** The most that all may take. Bytes. */
  readonly limit: () => Promise<number>;
  readonly growing: () => readonly Growing[];
  /** Takes away the row of one whose file is gone, and puts that on record. */
  readonly expire: (row: TerminalRecording, bytes: number) => Promise<void>;
}

/** What all recordings take of the disk, and that it is no more than they may. */
export class RecordingBudget {
  readonly #options: BudgetOptions;
  /** Of files that nobody writes to, until one of them comes or goes. Bytes. */
  #kept: Promise<number> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** A file was closed or removed, or may have been by somebody else. */
  changed(): void {
    this.#kept = undefined;
  }

  /** Of the disk now, those that are being made included. Bytes. @throws the file system's error */
  measure(): Promise<number> {
    this.changed();
    return this.#used();
  }

  async #used(): Promise<number> {
    const kept = await this.#measured();
    return this.#options.growing().reduce((sum, { bytes }) => sum + bytes, kept);
  }

  /**
   * Makes room where it is needed: those go that ended first, whether they had to be made or not, and none that is being
   * made.
   *
   * @returns whether all of them take no more than they may
   * @throws the database's and the file system's error
   */
  fits(): Promise<boolean> {
    const fitting = this.#turn.then(() => this.#fit());
    this.#turn = fitting.catch(() => undefined);
    return fitting;
  }

  async #fit(): Promise<boolean> {
    const limit = await this.#options.limit();
    let over = (await this.#used()) - limit;
    if (over <= 0) return true;
    try {
      over = await this.#expire(over);
      // What belongs to none is kept for a while, but not in the place of what is recorded now.
      return over <= 0 || (await this.#removeStrays(over)) <= 0;
    } finally {
      this.changed();
    }
  }

  /** @returns how much it still is too much */
  async #expire(over: number): Promise<number> {
    let left = over;
    while (left > 0) {
      const rows = await this.#options.db.prisma.terminalRecording.findMany({
        where: { endedAt: { not: null } },
        orderBy: [{ endedAt: 'asc' }, { id: 'asc' }],
        take: atOnce,
      });
      if (rows.length === 0) return left;
      for (const row of rows) {
        if (left <= 0) return left;
        const name = this.#options.pathOf(row);
        const bytes = await sizeOf(name);
        // One that cannot be removed makes no room, and keeps its row: the others stay as well.
        await rm(name, { force: true });
        await this.#options.expire(row, bytes);
        left -= bytes;
      }
    }
    return left;
  }

  async #removeStrays(over: number): Promise<number> {
    const { db, log } = this.#options;
    let left = over;
    for (const { name, bytes, changed } of await this.#files()) {
      // A file comes before its row.
      if (left <= 0 || changed > Date.now() - dayMs) continue;
      const id = path.parse(name).name;
      if ((await db.prisma.terminalRecording.count({ where: { id } })) > 0) continue;
      await rm(name, { force: true });
      log.warn({ file: name, bytes }, 'the file of no recording was removed to make room');
      left -= bytes;
    }
    return left;
  }

  #measured(): Promise<number> {
    if (this.#kept) return this.#kept;
    const measuring = this.#sum();
    this.#kept = measuring;
    measuring.catch(() => {
      if (this.#kept === measuring) this.#kept = undefined;
    });
    return measuring;
  }

  async #sum(): Promise<number> {
    const growing = new Set(this.#options.growing().map(({ path: name }) => name));
    const files = await this.#files();
    return files.reduce((sum, { name, bytes }) => (growing.has(name) ? sum : sum + bytes), 0);
  }

  async #files(): Promise<{ name: string; bytes: number; changed: number }[]> {
    const entries = await readdir(this.#options.directory, { recursive: true, withFileTypes: true }).catch(
      (error: unknown) => {
        // Nothing was ever recorded.
        if (errorCode(error) === 'ENOENT') return [];
        throw error;
      },
    );
    const files = [];
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const name = path.join(entry.parentPath, entry.name);
      const found = await stat(name).catch(() => undefined);
      if (found) files.push({ name, bytes: found.size, changed: found.mtimeMs });
    }
    return files;
  }
}

async function sizeOf(name: string): Promise<number> {
  try {
    return (await stat(name)).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

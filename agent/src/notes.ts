import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { object, parse, type JsonObject } from './docker/json.ts';
import { describe } from './errors.ts';
import { readIfThere, writeWhole } from './files.ts';
import type { Log } from './log.ts';

/** Between two signs of life. Ms. */
const PACE = 1_000;

export interface NotesOptions<One> {
  readonly folder: string;
  readonly log: Log;
  /** What is noted, for the log: "a deployment". */
  readonly what: string;
  /** Anybody's word may come here as a key, and none may lead out of the folder. */
  readonly isKey: (key: string) => boolean;
  readonly keyOf: (one: One) => string;
  /** @throws for what cannot be understood */
  readonly read: (key: string, value: JsonObject) => One;
}

/** Whatever work is noted in before it touches anything, and struck out of at its end. */
export interface Noting<One> {
  /** @throws the file system's error: then nothing may be touched */
  note(one: One): void;
  /** Never throws: what has ended well must not fail for this. */
  forget(key: string): void;
  /** Leaves signs of life until it is disposed of. */
  alive(key: string): Disposable;
}

/**
 * Work that is under way, on the disk: an agent that ends in the middle of it is followed by another, which undoes it. The
 * notes may hold what was told in confidence, so they are the account's alone.
 */
export class Notes<One> implements Noting<One> {
  readonly #options: NotesOptions<One>;

  constructor(options: NotesOptions<One>) {
    this.#options = options;
  }

  note(one: One): void {
    const plain = (_key: string, value: unknown): unknown =>
      value instanceof Map ? Object.fromEntries(value) : value;
    writeWhole(this.#fileOf(this.#options.keyOf(one)), JSON.stringify(one, plain), 0o600);
  }

  forget(key: string): void {
    if (!this.#options.isKey(key)) return;
    try {
      rmSync(this.#fileOf(key), { force: true });
    } catch (error) {
      this.#tell(key, error);
    }
  }

  alive(key: string): Disposable {
    const sign = (): void => {
      try {
        const now = new Date();
        utimesSync(this.#fileOf(key), now, now);
      } catch {
        // It is forgotten already.
      }
    };
    const timer = setInterval(sign, PACE).unref();
    return {
      [Symbol.dispose]() {
        clearInterval(timer);
        sign();
      },
    };
  }

  has(key: string): boolean {
    return this.#options.isKey(key) && existsSync(this.#fileOf(key));
  }

  /** When whoever noted it was alive for certain; it may have been for up to a second longer. Ms since 1970. */
  lastSign(key: string): number {
    return statSync(this.#fileOf(key)).mtimeMs;
  }

  all(): One[] {
    return this.#keys().flatMap((key) => {
      try {
        const text = readIfThere(this.#fileOf(key));
        return text === undefined ? [] : [this.#options.read(key, object(parse(text)))];
      } catch (error) {
        // The agent starts all the same.
        this.#tell(key, error);
        return [];
      }
    });
  }

  #tell(key: string, error: unknown): void {
    const { log, what } = this.#options;
    log.error(`the note of ${what} can neither be read nor removed`, { name: key, reason: describe(error) });
  }

  #keys(): string[] {
    const { folder, isKey } = this.#options;
    try {
      return readdirSync(folder).flatMap((file) => {
        const key = path.basename(file, '.json');
        return file.endsWith('.json') && isKey(key) ? [key] : [];
      });
    } catch {
      // It is made with the first of them.
      return [];
    }
  }

  #fileOf(key: string): string {
    return path.join(this.#options.folder, `${key}.json`);
  }
}

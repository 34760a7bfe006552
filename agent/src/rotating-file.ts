import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

export interface RotatingFileOptions {
  readonly path: string;
  /** A file that would grow past this many bytes is moved to `<path>.1` first. */
  readonly maxBytes: number;
  /** How many moved files are kept: `<path>.1` is the newest. */
  readonly backups: number;
  readonly mode: number;
}

/** An append-only file that rotates by size. Synchronous, because its lines must survive a crash right after. */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #fd: number | undefined;
  #size = 0;
  #rotations = 0;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /** How many files were moved away by this one, so that a reader knows which it has been reading. */
  get rotations(): number {
    return this.#rotations;
  }

  /** @throws the file system's error; the next call tries again from scratch */
  append(text: string): void {
    const bytes = Buffer.from(text);
    try {
      let fd = this.#fd ?? this.#open();
      if (this.#size > 0 && this.#size + bytes.length > this.#options.maxBytes) {
        this.#rotate();
        fd = this.#open();
      }
      writeSync(fd, bytes);
      this.#size += bytes.length;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number {
    mkdirSync(path.dirname(this.#options.path), { recursive: true });
    const fd = openSync(this.#options.path, 'a', this.#options.mode);
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
    return fd;
  }

  #rotate(): void {
    const { path: file, backups } = this.#options;
    this.close();
    this.#rotations += 1;
    if (backups === 0) {
      rmSync(file, { force: true });
      return;
    }
    for (let n = backups - 1; n >= 1; n--) moveIfThere(`${file}.${n}`, `${file}.${n + 1}`);
    moveIfThere(file, `${file}.1`);
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

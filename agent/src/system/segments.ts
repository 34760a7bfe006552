import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/** A segment holds this many lines, so that the oldest can be dropped without rewriting the others. */
const LINES_PER_SEGMENT = 120;
/** Many short lives leave many short segments; from here on they are joined at the next start. */
const MANY = 24;
/** Nothing of ours is as large. Bytes. */
const MAX_SEGMENT_BYTES = 16 * 1024 * 1024;
/** After a failed write the disk is left alone for so many lines. */
const PAUSE_AFTER_FAILURE = 6;

const namePattern = /^(\d{8})\.jsonl$/;

interface Segment {
  readonly number: number;
  lines: number;
}

/**
 * Lines in numbered append-only files, oldest files dropped once the rest hold `capacity` lines. The numbers, not clocks,
 * keep the order across restarts. Nothing is synced: a crash of the agent loses nothing, of the host a few lines, and a
 * line that was torn is for the reader to pass over.
 */
export class Segments {
  readonly #folder: string;
  readonly #capacity: number;
  #segments: Segment[] = [];
  #fd: number | undefined;
  #pause = 0;
  #failed = false;

  constructor(folder: string, capacity: number) {
    this.#folder = folder;
    this.#capacity = capacity;
  }

  /** Every line on disk, oldest first. What cannot be read is left out, and reported. */
  load(report: (error: unknown) => void): string[] {
    const lines: string[] = [];
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const numbers = readdirSync(this.#folder)
        .flatMap((name) => namePattern.exec(name)?.[1] ?? [])
        .map(Number)
        .toSorted((a, b) => a - b);
      for (const number of numbers) {
        const text = this.#readSegment(number).split('\n').filter(Boolean);
        this.#segments.push({ number, lines: text.length });
        lines.push(...text);
      }
      if (numbers.length > MANY) this.#rewrite(lines.slice(-this.#capacity));
    } catch (error) {
      report(error);
    }
    return lines;
  }

  /**
   * @param everything what the files should hold, this line included; written anew when earlier lines could not be
   * @throws the file system's error; the next few calls then do nothing
   */
  append(line: string, everything: () => readonly string[]): void {
    if (this.#pause > 0) {
      this.#pause--;
      throw new Error('the last attempt failed');
    }
    try {
      if (this.#failed) this.#rewrite(everything());
      else this.#write(line);
      this.#failed = false;
    } catch (error) {
      this.close();
      this.#failed = true;
      this.#pause = PAUSE_AFTER_FAILURE;
      throw error;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #write(line: string): void {
    let current = this.#segments.at(-1);
    if (this.#fd === undefined || current === undefined || current.lines >= LINES_PER_SEGMENT) {
      current = { number: (current?.number ?? 0) + 1, lines: 0 };
      this.close();
      this.#fd = openSync(this.#file(current.number), 'ax', 0o600);
      this.#segments.push(current);
      this.#dropOld();
    }
    writeSync(this.#fd, `${line}\n`);
    current.lines++;
  }

  #dropOld(): void {
    let lines = this.#segments.reduce((sum, segment) => sum + segment.lines, 0);
    for (;;) {
      const [oldest] = this.#segments;
      lines -= oldest?.lines ?? 0;
      if (!oldest || lines < this.#capacity) return;
      rmSync(this.#file(oldest.number), { force: true });
      this.#segments.shift();
    }
  }

  /** One new segment takes the place of all: written whole before the old ones go. */
  #rewrite(lines: readonly string[]): void {
    this.close();
    const old = this.#segments;
    const number = (old.at(-1)?.number ?? 0) + 1;
    const next = path.join(this.#folder, 'next');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeFileSync(next, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    renameSync(next, this.#file(number));
    this.#segments = [{ number, lines: lines.length }];
    for (const segment of old) rmSync(this.#file(segment.number), { force: true });
  }

  #readSegment(number: number): string {
    const file = this.#file(number);
    return statSync(file).size > MAX_SEGMENT_BYTES ? '' : readFileSync(file, 'utf8');
  }

  #file(number: number): string {
    return path.join(this.#folder, `${String(number).padStart(8, '0')}.jsonl`);
  }
}

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { AgentError, systemCode } from '../errors.ts';
import type { TreeFile } from './git-tree.ts';
import { inTheWay, within } from './inside.ts';

/** Of what stood there before, all together; a commit may bring a quarter of it. Bytes. */
const MAX_ASIDE = 64 * 1024 * 1024;
/** Read at once. Bytes. */
const CHUNK = 64 * 1024;

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** A file that is laid or taken away, and what stood there before. What was copied is named by its place among them. */
export interface LaidFile {
  readonly path: string;
  /** The mode of what stood there; null for nothing. */
  readonly before: number | null;
  /** Whether a file comes in its place. */
  readonly comes: boolean;
}

/** Where what stood there is kept until it is decided what stays, and what comes. */
const copyOf = (aside: string, index: number): string => path.join(aside, `${index}.before`);
const comingOf = (aside: string, index: number): string => path.join(aside, `${index}.after`);

/** What is laid, and where it is kept how it was before. */
export interface Laying {
  readonly files: readonly TreeFile[];
  /** Paths of files that go, unless they are among those that come. */
  readonly gone: Iterable<string>;
  readonly aside: string;
}

/** Files that were laid. */
export interface Laid {
  /** Has all of it be as it was. @throws AgentError */
  undo(): void;
  /** Forgets how it was. */
  release(): void;
}

/**
 * Has the files of a commit stand in a stack's folder, and takes away those of the commit before that it has no more; what
 * else is there, such as data of containers, stays. Files keep their place on the disk, so that whoever has one mounted
 * sees the new content. Containers may write there meanwhile and put links in the way: none is followed.
 *
 * @param aside - a folder of the agent's own, for this alone: what stood there before is kept on the disk, however large
 *   containers made it, so that the next agent can undo it as well
 * @param begins - told what is about to be done, before anything is
 * @throws AgentError CONFLICT where something is in the way; all is as it was then
 */
export function layFiles(
  folder: string,
  { files, gone, aside }: Laying,
  begins: (files: readonly LaidFile[]) => void = () => undefined,
): Laid {
  const release = (): void => rmSync(aside, { recursive: true, force: true });
  release();
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  const done: LaidFile[] = [];
  const wanted: (TreeFile | null)[] = [];
  let left = MAX_ASIDE;
  const keep = (name: string, file: TreeFile | null): void => {
    const kept = setAside(folder, name, { copy: copyOf(aside, done.length), wanted: file, most: left });
    if (kept === 'same' || (kept === null && file === null)) return;
    if (file) writeNew(comingOf(aside, done.length), (fd) => writeAll(fd, file.bytes));
    left -= kept?.size ?? 0;
    done.push({ path: name, before: kept?.mode ?? null, comes: file !== null });
    wanted.push(file);
  };
  const undo = (): void => takeBack(folder, done.splice(0), aside);
  try {
    const coming = new Set(files.map((file) => file.path));
    for (const name of gone) if (!coming.has(name)) keep(name, null);
    for (const file of files) keep(file.path, file);
    begins(done);
    for (const [index, { path: name }] of done.entries()) {
      const file = wanted[index];
      if (file) write(folder, name, modeOf(file), (fd) => writeAll(fd, file.bytes));
      else remove(folder, name);
    }
  } catch (error) {
    try {
      undo();
    } finally {
      release();
    }
    if (error instanceof AgentError) throw error;
    throw new AgentError(
      'CONFLICT',
      `The files of the commit cannot be written to ${folder} (${systemCode(error) ?? 'unknown'}).`,
      error,
    );
  }
  return { undo, release };
}

/** Has files be as they stood before they were laid. @throws AgentError */
export function takeBack(folder: string, files: readonly LaidFile[], aside: string): void {
  for (const [index, { path: name, before }] of [...files.entries()].toReversed()) {
    if (before === null) remove(folder, name);
    else write(folder, name, before, (fd) => copyInto(fd, copyOf(aside, index)));
  }
}

/**
 * A file that is neither as it stood nor as it was laid, or on the way there: somebody has changed it since.
 *
 * @returns its path; null where there is none
 * @throws the file system's error where it is not known any more how they stood
 */
export function changedSince(folder: string, files: readonly LaidFile[], aside: string): string | null {
  const changed = [...files.entries()].find(([index, { path: name, before, comes }]) => {
    const known =
      within(folder, name, false, (file) => {
        if (!lstatSync(file, { throwIfNoEntry: false })) return before === null || !comes;
        const fd = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        try {
          if (!fstatSync(fd).isFile()) return false;
          return (
            (before !== null &&
              (isLike(fd, copyOf(aside, index), false) ||
                (comes && isLike(fd, copyOf(aside, index), true)))) ||
            (comes && isLike(fd, comingOf(aside, index), true))
          );
        } finally {
          closeSync(fd);
        }
      }) ??
      (before === null || !comes);
    return !known;
  });
  return changed?.[1].path ?? null;
}

/** @param begun - whether it may be no more than how the other one begins: it was being written */
function isLike(fd: number, other: string, begun: boolean): boolean {
  const otherFd = openSync(other, O_RDONLY);
  try {
    const [size, whole] = [fstatSync(fd).size, fstatSync(otherFd).size];
    if (begun ? size > whole : size !== whole) return false;
    const chunk = Buffer.allocUnsafe(CHUNK);
    let at = 0;
    for (const part of chunksOf(fd)) {
      const read = readSync(otherFd, chunk, 0, part.length, at);
      if (!part.equals(chunk.subarray(0, read))) return false;
      at += part.length;
    }
    return true;
  } finally {
    closeSync(otherFd);
  }
}

/** Takes files away for good. Where something else is in the way of one, that stays: it is not the commit's. */
export function removeFiles(folder: string, names: Iterable<string>): void {
  for (const name of names) {
    try {
      remove(folder, name);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
    }
  }
}

const modeOf = ({ executable }: TreeFile): number => (executable ? 0o755 : 0o644);

interface Aside {
  readonly copy: string;
  /** What comes in its place. */
  readonly wanted: TreeFile | null;
  /** Bytes. */
  readonly most: number;
}

/** @returns null for what is not there, `same` where it is what is to be there; what was copied otherwise */
function setAside(
  folder: string,
  name: string,
  { copy, wanted, most }: Aside,
): { readonly size: number; readonly mode: number } | 'same' | null {
  const kept = within(folder, name, false, (file) => {
    let fd: number;
    try {
      fd = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw inTheWay(name, error);
    }
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw inTheWay(name);
      const mode = stat.mode & 0o777;
      if (wanted && mode === modeOf(wanted) && stat.size === wanted.bytes.length && holds(fd, wanted.bytes)) {
        return 'same' as const;
      }
      return { size: copyOut(fd, copy, { name, most }), mode };
    } finally {
      closeSync(fd);
    }
  });
  return kept ?? null;
}

/** @yields chunks of an open file from its beginning on; each is only good until the next */
function* chunksOf(fd: number): Generator<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; ;) {
    const size = readSync(fd, chunk, 0, CHUNK, at);
    if (size === 0) return;
    yield chunk.subarray(0, size);
    at += size;
  }
}

function holds(fd: number, bytes: Buffer): boolean {
  let at = 0;
  for (const chunk of chunksOf(fd)) {
    if (!chunk.equals(bytes.subarray(at, at + chunk.length))) return false;
    at += chunk.length;
  }
  return at === bytes.length;
}

/** @returns how much it was; it may grow meanwhile @throws AgentError for more than may be kept */
function copyOut(
  from: number,
  copy: string,
  { name, most }: { readonly name: string; readonly most: number },
): number {
  let size = 0;
  writeNew(copy, (to) => {
    for (const chunk of chunksOf(from)) {
      size += chunk.length;
      if (size > most) throw inTheWay(name);
      writeAll(to, chunk);
    }
  });
  return size;
}

/** On the disk when this returns: after a power cut it is what is put back. */
function writeNew(file: string, fill: (fd: number) => void): void {
  const fd = openSync(file, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    fill(fd);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function copyInto(to: number, copy: string): void {
  const from = openSync(copy, O_RDONLY);
  try {
    for (const chunk of chunksOf(from)) writeAll(to, chunk);
  } finally {
    closeSync(from);
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

function write(folder: string, name: string, mode: number, fill: (fd: number) => void): void {
  within(folder, name, true, (file) => {
    let fd: number;
    try {
      fd = openSync(file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode);
    } catch (error) {
      throw inTheWay(name, error);
    }
    try {
      if (!fstatSync(fd).isFile()) throw inTheWay(name);
      ftruncateSync(fd);
      fill(fd);
      fchmodSync(fd, mode);
    } finally {
      closeSync(fd);
    }
  });
}

/** With the folders that are empty then. */
function remove(folder: string, name: string): void {
  within(folder, name, false, (file) => {
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile()) rmSync(file, { force: true });
  });
  const parent = path.posix.dirname(name);
  if (parent === '.') return;
  const empty = within(folder, parent, false, (file) => {
    try {
      rmdirSync(file);
      return true;
    } catch {
      return false;
    }
  });
  if (empty) remove(folder, parent);
}

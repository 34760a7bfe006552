import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { AgentError, systemCode } from '../errors.ts';
import { makeScratch } from './git-remote.ts';
import type { TreeFile } from './git-tree.ts';
import { inTheWay, within } from './inside.ts';

/** Of what stood there before, all together; a commit may bring a quarter of it. Bytes. */
const MAX_ASIDE = 64 * 1024 * 1024;
/** Read at once. Bytes. */
const CHUNK = 64 * 1024;

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** What stood somewhere before. */
interface Before {
  readonly path: string;
  /** A copy of it, and its mode; null for nothing. */
  readonly file: { readonly copy: string; readonly mode: number } | null;
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
 * @param gone - paths of files that go, unless they are among those that come
 * @param scratch - of the agent's own: what stood there before is kept on the disk, however large containers made it
 * @throws AgentError CONFLICT where something is in the way; all is as it was then
 */
export function layFiles(
  folder: string,
  files: readonly TreeFile[],
  gone: Iterable<string>,
  scratch: string,
): Laid {
  const aside = makeScratch(scratch);
  const done: Before[] = [];
  let left = MAX_ASIDE;
  /** @returns whether anything is to be done about it */
  const keep = (name: string, wanted: TreeFile | null): boolean => {
    const copy = path.join(aside, String(done.length));
    const kept = setAside(folder, name, { copy, wanted, most: left });
    if (kept === 'same' || (kept === null && wanted === null)) return false;
    left -= kept?.size ?? 0;
    done.push({ path: name, file: kept && { copy, mode: kept.mode } });
    return true;
  };
  const undo = (): void => {
    for (const { path: name, file } of done.splice(0).toReversed()) {
      if (file) write(folder, name, file.mode, (fd) => copyInto(fd, file.copy));
      else remove(folder, name);
    }
  };
  const release = (): void => rmSync(aside, { recursive: true, force: true });
  try {
    const coming = new Set(files.map((file) => file.path));
    for (const name of gone) {
      if (!coming.has(name) && keep(name, null)) remove(folder, name);
    }
    for (const file of files) {
      if (keep(file.path, file)) write(folder, file.path, modeOf(file), (fd) => writeAll(fd, file.bytes));
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
  const to = openSync(copy, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    let size = 0;
    for (const chunk of chunksOf(from)) {
      size += chunk.length;
      if (size > most) throw inTheWay(name);
      writeAll(to, chunk);
    }
    return size;
  } finally {
    closeSync(to);
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

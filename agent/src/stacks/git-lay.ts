import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { AgentError, systemCode } from '../errors.ts';
import type { TreeFile } from './git-tree.ts';

/** Larger than any file of a commit: somebody else has written to it. Bytes. */
const MAX_BEFORE = 32 * 1024 * 1024;

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** What stood somewhere before; null for nothing. */
interface Before {
  readonly path: string;
  readonly file: { readonly bytes: Buffer; readonly mode: number } | null;
}

/**
 * Has the files of a commit stand in a stack's folder, and takes away those of the commit before that it has no more; what
 * else is there, such as data of containers, stays. Files keep their place on the disk, so that whoever has one mounted
 * sees the new content. Containers may write there meanwhile and put links in the way: none is followed.
 *
 * @param gone - paths of files that go, unless they are among those that come
 * @returns has all of it be as it was
 * @throws AgentError CONFLICT where something is in the way; all is as it was then
 */
export function layFiles(folder: string, files: readonly TreeFile[], gone: Iterable<string>): () => void {
  const done: Before[] = [];
  const undo = (): void => {
    for (const { path: name, file } of done.splice(0).toReversed()) {
      if (file) write(folder, name, file.bytes, file.mode);
      else remove(folder, name);
    }
  };
  try {
    const coming = new Set(files.map((file) => file.path));
    for (const name of gone) {
      if (coming.has(name)) continue;
      const file = read(folder, name);
      if (!file) continue;
      done.push({ path: name, file });
      remove(folder, name);
    }
    for (const { path: name, bytes, executable } of files) {
      const mode = executable ? 0o755 : 0o644;
      const file = read(folder, name);
      if (file && file.mode === mode && file.bytes.equals(bytes)) continue;
      done.push({ path: name, file });
      write(folder, name, bytes, mode);
    }
  } catch (error) {
    undo();
    if (error instanceof AgentError) throw error;
    throw new AgentError(
      'CONFLICT',
      `The files of the commit cannot be written to ${folder} (${systemCode(error) ?? 'unknown'}).`,
      error,
    );
  }
  return undo;
}

/** @returns null for what is not there */
function read(folder: string, name: string): Before['file'] {
  return (
    within(folder, name, false, (file) => {
      let fd: number;
      try {
        fd = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return null;
        throw inTheWay(name, error);
      }
      try {
        const stat = fstatSync(fd);
        if (!stat.isFile() || stat.size > MAX_BEFORE) throw inTheWay(name);
        return { bytes: readFileSync(fd), mode: stat.mode & 0o777 };
      } finally {
        closeSync(fd);
      }
    }) ?? null
  );
}

function write(folder: string, name: string, bytes: Buffer, mode: number): void {
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
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
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

/**
 * Gives the path of a file below a folder by which it is reached whatever is renamed meanwhile: through the opened folder
 * that it is in (proc(5), /proc/pid/fd), into which no link led.
 *
 * @returns undefined where a folder on the way is not there
 */
function within<Result>(
  folder: string,
  name: string,
  make: boolean,
  use: (file: string) => Result,
): Result | undefined {
  const names = name.split('/');
  const last = names.pop() ?? '';
  let plain = folder;
  let fd = openSync(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const reach = (one: string): string =>
    process.platform === 'linux' ? `/proc/self/fd/${fd}/${one}` : path.join(plain, one);
  try {
    for (const one of names) {
      const here = reach(one);
      const made = make && makeFolder(here);
      let next: number;
      try {
        next = openSync(here, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return undefined;
        throw inTheWay(name, error);
      }
      closeSync(fd);
      fd = next;
      plain = path.join(plain, one);
      if (made) fchmodSync(fd, 0o755);
    }
    return use(reach(last));
  } finally {
    closeSync(fd);
  }
}

function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o755 });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

const inTheWay = (name: string, cause?: unknown): AgentError =>
  new AgentError(
    'CONFLICT',
    `Something else is in the way of ${name} in the stack's folder. Move it away, and try again.`,
    cause,
  );

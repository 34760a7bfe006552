import {
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { systemCode } from './errors.ts';

/** The file's text, or undefined when there is no such file. @throws any other error of the file system */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Makes a file appear whole or not at all, and on the disk before this returns. As root it is given to whom its folder
 * belongs, so that what root sets up the agent's own account can read.
 *
 * @throws the file system's error
 */
export function writeWhole(file: string, text: string, mode: number): void {
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}.next`;
  const fd = openNew(next, mode);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  if (process.getuid?.() === 0) {
    const { uid, gid } = statSync(folder);
    chownSync(next, uid, gid);
  }
  renameDurably(next, file);
}

/** What lies there already is no file of this process, and may be a link that somebody put in the way. */
function openNew(file: string, mode: number): number {
  try {
    return openSync(file, 'wx', mode);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    rmSync(file);
    return openSync(file, 'wx', mode);
  }
}

/**
 * Removes what {@link writeWhole} left of these files where it was killed: half of a key, or a whole one that nobody
 * knows of. What a living process is about to finish stays.
 *
 * @throws the file system's error
 */
export function removeUnfinished(files: readonly string[]): void {
  for (const folder of new Set(files.map((file) => path.dirname(file)))) {
    for (const name of readdirSync(folder)) {
      const [, finished, pid] = /^(.+)\.(\d+)\.next$/.exec(name) ?? [];
      if (finished === undefined || !files.includes(path.join(folder, finished)) || isRunning(Number(pid)))
        continue;
      rmSync(path.join(folder, name), { force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

/**
 * Moves a file over another one; whichever way the machine ends, one of the two stands there afterwards, and the new one
 * once this has returned.
 *
 * @throws the file system's error
 */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  // A rename is on the disk only when its folder is (fsync(2), NOTES); Windows opens no folders.
  if (process.platform === 'win32') return;
  const folder = openSync(path.dirname(to), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { errorCode, errorText, StartupError } from '../startup-error.ts';

/** The directory of everything that must survive with the data and stay secret. */
export function keysDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'keys');
}

/**
 * Reads a secret file, or makes it when it is missing. A new one is on disk in full (fsync) before it appears under
 * its name, and an existing one is never replaced: losing a key is worse than not starting.
 * @throws StartupError when it can be neither read nor made
 */
export function readOrCreate(path: string, create: () => Uint8Array): Buffer {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const present = readIfPresent(path);
    if (present) {
      chmodSync(path, 0o600);
      return present;
    }
    const bytes = create();
    writeNew(path, bytes);
    return Buffer.from(bytes);
  } catch (error) {
    throw new StartupError(`The key file ${path} cannot be used (${errorCode(error) ?? errorText(error)}).`, {
      cause: error,
    });
  }
}

/** @throws the file system's error unless the file is just not there */
export function readIfPresent(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Puts a secret file in the place of another: whichever way the machine ends, one of them is there, whole.
 *
 * @throws the file system's error; then the one before still stands
 */
export function replaceFile(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const half = writeHalf(path, bytes);
  try {
    renameSync(half, path);
  } catch (error) {
    unlinkSync(half);
    throw error;
  }
  syncDirectory(dirname(path));
}

/** In full on the disk, under a name that nobody looks for. */
function writeHalf(path: string, bytes: Uint8Array): string {
  const half = `${path}.${randomBytes(4).toString('hex')}`;
  const file = openSync(half, 'wx', 0o600);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return half;
}

/** link(2) refuses to replace, where rename(2) would. */
function writeNew(path: string, bytes: Uint8Array): void {
  const half = writeHalf(path, bytes);
  try {
    linkSync(half, path);
  } finally {
    unlinkSync(half);
  }
  syncDirectory(dirname(path));
}

/** Makes renames last. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

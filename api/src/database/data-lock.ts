import { chmodSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorCode, errorText, StartupError } from '../startup-error.ts';

/** SQLITE_BUSY, https://sqlite.org/rescode.html#busy */
const busy = 5;

/** The lock ends with its handle, so no garbage collector may find it unused. */
const held = new Set<DatabaseSync>();

/** Another process has the data directory, and it may well be a ServerKit that serves. */
export class DataDirectoryInUse extends StartupError {}

export interface DataLock extends Disposable {
  /** The data directory with symbolic links resolved: one directory, one name. */
  readonly directory: string;
}

/**
 * Makes the data directory ours until this process ends, however it ends. Node has no file locks of its own, but
 * SQLite, which it embeds, takes the kernel's: they are released with the process, hold between containers that
 * share the directory, and need no stale-lock rules.
 * @throws DataDirectoryInUse when another ServerKit holds it, StartupError when it cannot be written
 */
export function lockDataDirectory(path: string): DataLock {
  let directory: string;
  let handle: DatabaseSync;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    directory = realpathSync(path);
    handle = new DatabaseSync(join(directory, 'lock'), { timeout: 0 });
    chmodSync(join(directory, 'lock'), 0o600);
  } catch (error) {
    throw new StartupError(
      `The data directory ${path} cannot be written (${errorCode(error) ?? errorText(error)}).`,
      {
        cause: error,
      },
    );
  }
  const pidFile = join(directory, 'lock.pid');
  try {
    handle.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    handle.close();
    if (isBusy(error)) {
      throw new DataDirectoryInUse(
        `The data directory ${path} is in use by another ServerKit${holder(pidFile)}; stop it first or set SERVERKIT_DATA_DIR to another directory.`,
      );
    }
    throw new StartupError(
      `The data directory ${path} cannot be written (${errorCode(error) ?? errorText(error)}).`,
      {
        cause: error,
      },
    );
  }
  held.add(handle);
  return {
    directory,
    [Symbol.dispose]() {
      if (held.delete(handle)) handle.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === busy;
}

function holder(pidFile: string): string {
  try {
    return ` (process ${Number(readFileSync(pidFile, 'utf8'))})`;
  } catch {
    return '';
  }
}

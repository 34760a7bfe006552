import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of a test's own, removed with everything in it on dispose. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** A path inside the folder. */
  file(...names: string[]): string;
}

/** Makes an empty folder under the system's temporary folder: `await using dir = await tempDir()`. */
export async function tempDir(prefix = 'serverkit-'): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return {
    path,
    file: (...names) => join(path, ...names),
    // A process that is being reaped may still write: rm alone would meet ENOTEMPTY.
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}

import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText, StartupError } from '../startup-error.ts';

/** `sun_path` of unix(7) holds 108 bytes on Linux and 104 on macOS, the final zero included. */
const longestSocketPath = 100;
const longestName = '/pg/.s.PGSQL.5432';

/**
 * A directory for sockets: ours alone, on a path short enough for a socket, the same after a restart.
 *
 * Root takes /run, since the database's account cannot pass through a data directory below /root; others keep it in
 * the data directory unless its path is too long.
 * @param dataDirectory - the real path
 * @throws StartupError when no place will do
 */
export function openRunDirectory(dataDirectory: string): string {
  const name = `serverkit-${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12)}`;
  const root = process.getuid?.() === 0;
  const runtime = process.env['XDG_RUNTIME_DIR'];
  const candidates = root
    ? [join('/run', name), join(tmpdir(), name)]
    : [join(dataDirectory, 'run'), ...(runtime ? [join(runtime, name)] : []), join(tmpdir(), name)];
  let reason = 'every path is too long';
  for (const path of candidates.filter((one) => Buffer.byteLength(one + longestName) <= longestSocketPath)) {
    try {
      return take(path, root ? 0o711 : 0o700);
    } catch (error) {
      reason = errorText(error);
    }
  }
  throw new StartupError(
    `There is no directory for ServerKit's sockets (${reason}); set TMPDIR to a short path.`,
  );
}

/** Removes it with whatever is left inside. */
export function removeRunDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Makes the directory or accepts it, but never one that someone else put there (temporary directories are shared). */
function take(path: string, mode: number): string {
  mkdirSync(path, { recursive: true, mode });
  const stats = lstatSync(path);
  if (!stats.isDirectory() || (process.getuid && stats.uid !== process.getuid())) {
    throw new Error(`${path} belongs to someone else`);
  }
  chmodSync(path, mode);
  return path;
}

import { readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `postmaster.pid` says (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*). */
export interface PostmasterFile {
  readonly pid: number;
  readonly socketDirectory: string;
  /** `starting`, `stopping`, `ready`, `standby`; empty in the first moment. */
  readonly status: string;
}

const fileName = 'postmaster.pid';
const socketLockName = '.s.PGSQL.5432.lock';

/** More than any kernel hands out (Linux: 2^22, macOS: 99,999), so nothing can ever have it. */
const impossiblePid = 2_000_000_000;

export function readPostmasterFile(cluster: string): PostmasterFile | undefined {
  const lines = readText(join(cluster, fileName))?.split('\n');
  const pid = Number(lines?.[0]);
  if (!lines || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, socketDirectory: lines[4]?.trim() ?? '', status: lines[7]?.trim() ?? '' };
}

/**
 * Whether a process is a live server of this cluster. A pid alone proves nothing: after a crash of the machine or of a
 * container it may be anyone's, a thread of ours included. A server's working directory is its cluster.
 * @returns undefined where the system cannot tell (no /proc)
 */
export function serves(pid: number, cluster: string): boolean | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
  } catch {
    return false;
  }
}

/**
 * PostgreSQL takes a lock file for live while `kill(pid, 0)` succeeds, and gives up: for a killed server that nobody
 * has reaped yet (in a container without an init, for ever), and for a stranger that has its number now. Putting an
 * impossible pid in its place keeps the other lines, by which PostgreSQL makes sure that no orphaned backend still
 * uses the shared memory.
 * @returns whether there was such a file
 */
export function disownStale(cluster: string, socketDirectory: string): boolean {
  const files = [join(cluster, fileName), join(socketDirectory, socketLockName)];
  return files.map((path) => disown(path, cluster)).includes(true);
}

function disown(path: string, cluster: string): boolean {
  const text = readText(path);
  const pid = /^\d+/.exec(text ?? '')?.[0];
  if (text === undefined || pid === undefined || Number(pid) === impossiblePid) return false;
  if (serves(Number(pid), cluster) !== false) return false;
  writeFileSync(path, text.replace(pid, String(impossiblePid)));
  return true;
}

/** Whether a process is gone, or dead and only waiting for its parent to notice. */
export function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  // proc(5): the state follows the command, which may itself contain spaces and parentheses.
  const stat = readText(`/proc/${pid}/stat`);
  return stat !== undefined && /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

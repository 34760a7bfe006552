import { readFileSync, writeFileSync } from 'node:fs';
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
 * A killed postmaster that nobody has reaped yet still answers `kill(pid, 0)`, so a new one takes its lock files for
 * live and gives up; in a container without an init it stays so for ever. Putting an impossible pid in its place
 * keeps the other lines, by which PostgreSQL makes sure that no orphaned backend still uses the shared memory.
 * @returns whether there was such a file
 */
export function disownZombie(cluster: string, socketDirectory: string): boolean {
  const files = [join(cluster, fileName), join(socketDirectory, socketLockName)];
  return files.map(disown).includes(true);
}

function disown(path: string): boolean {
  const text = readText(path);
  const pid = /^\d+/.exec(text ?? '')?.[0];
  if (text === undefined || pid === undefined || !isZombie(Number(pid))) return false;
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
  return isZombie(pid);
}

/** proc(5): the state follows the command, which may itself contain spaces and parentheses. */
function isZombie(pid: number): boolean {
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

import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { systemCode } from './errors.ts';
import { readIfThere } from './files.ts';
import { readText } from './system/read-text.ts';

/** Another agent works with this state folder. */
export class AlreadyRunning extends Error {}

/**
 * Claims a state folder for this process. The claim of a process that was killed does not count: its pid is gone, or
 * belongs to a process that began at another time.
 *
 * @returns gives it back
 * @throws AlreadyRunning, or the file system's error
 */
export function lockInstance(stateDir: string): () => void {
  const file = path.join(stateDir, 'agent.pid');
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const own = `${process.pid} ${startTime(process.pid)}\n`;
  for (let attempt = 0; ; attempt++) {
    try {
      const fd = openSync(file, 'wx', 0o600);
      writeSync(fd, own);
      closeSync(fd);
      return () => {
        if (readIfThere(file) === own) rmSync(file, { force: true });
      };
    } catch (error) {
      if (systemCode(error) !== 'EEXIST' || attempt >= 5) throw error;
      takeAwayStale(file, stateDir);
    }
  }
}

function takeAwayStale(file: string, stateDir: string): void {
  const claim = readIfThere(file);
  if (claim === undefined) return;
  const [pid, since] = claim.trim().split(' ');
  if (pid && since !== undefined && isAlive(Number(pid), since)) {
    throw new AlreadyRunning(`Another agent (process ${pid}) runs with ${stateDir} already.`);
  }
  // Two that start at once both find it stale: only what one looked at may be taken away.
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  if (readIfThere(aside) === claim) rmSync(aside, { force: true });
  else renameSync(aside, file);
}

function isAlive(pid: number, since: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  return startTime(pid) === since;
}

/** Ticks after boot, field 22 of /proc/[pid]/stat (proc(5)); the command before it may hold spaces and brackets. */
function startTime(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

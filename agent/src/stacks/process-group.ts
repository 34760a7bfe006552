import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Ends a process that was started detached, with all that it started: what it leaves behind would keep its output open.
 *
 * @param lastWords - between SIGTERM and SIGKILL, for it to end what it began. Ms
 */
export function endGroup(child: ChildProcess, lastWords: number): void {
  const { pid } = child;
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), lastWords);
  child.once('close', () => clearTimeout(timer));
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // It ended meanwhile.
  }
}

const noteName = /^[0-9a-f]{16}\.group$/;

/** Has a process that was started detached be found by {@link endLeftGroups} while it lives, where there is /proc. */
export function noteGroup(child: ChildProcess, folder: string): void {
  const { pid } = child;
  const since = pid === undefined ? undefined : startOf(pid);
  if (since === undefined) return;
  const file = path.join(folder, `${randomBytes(8).toString('hex')}.group`);
  writeFileSync(file, `${pid} ${since}`, { mode: 0o600 });
  child.once('close', () => rmSync(file, { force: true }));
}

/** Ends the groups that were noted in a folder and outlived the agent that had started them. */
export function endLeftGroups(folder: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => noteName.test(name));
  } catch {
    // It is made with the first of them.
  }
  for (const name of names) {
    const file = path.join(folder, name);
    const [pid = 0, since] = readFileSync(file, 'utf8').split(' ').map(Number);
    rmSync(file, { force: true });
    // Its number may be somebody else's by now.
    if (pid > 1 && since !== undefined && startOf(pid) === since) signalGroup(pid, 'SIGKILL');
  }
}

/** When a process started, in ticks since the start of the machine (proc_pid_stat(5), field 22). */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before may have spaces and brackets in it.
    const [, ...fields] = stat.slice(stat.lastIndexOf(')')).split(' ');
    return Number(fields[19]);
  } catch {
    return undefined;
  }
}

import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
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

/**
 * Has a process that was started detached be found by {@link endLeftGroups} while it lives, where there is /proc. On a disk
 * that is full it is not, and runs all the same.
 */
export function noteGroup(child: ChildProcess, folder: string): void {
  const { pid } = child;
  const since = pid === undefined ? undefined : statOf(pid)?.since;
  if (since === undefined) return;
  const file = path.join(folder, `${randomBytes(8).toString('hex')}.group`);
  child.once('close', () => tryTo(() => rmSync(file, { force: true })));
  tryTo(() => writeFileSync(file, `${pid} ${since}`, { mode: 0o600 }));
}

/** Ends the groups that were noted in a folder and outlived the agent that had started them, as far as that can be done. */
export function endLeftGroups(folder: string): void {
  // It is made with the first of them.
  const names = tryTo(() => readdirSync(folder).filter((name) => noteName.test(name))) ?? [];
  for (const name of names) {
    const file = path.join(folder, name);
    const [pid = 0, since] = (tryTo(() => readFileSync(file, 'utf8')) ?? '').split(' ').map(Number);
    tryTo(() => rmSync(file, { force: true }));
    if (pid <= 1 || since === undefined) continue;
    const leader = statOf(pid);
    if (!leader) endMembers(pid, since, folder);
    // Its number may be somebody else's by now.
    else if (leader.since === since) signalGroup(pid, 'SIGKILL');
  }
}

/** Of a group whose leader has ended. Whoever has got its number meanwhile does not work in the agent's own folder. */
function endMembers(group: number, since: number, folder: string): void {
  const home = tryTo(() => realpathSync(folder));
  for (const name of tryTo(() => readdirSync('/proc')) ?? []) {
    const pid = Number(name);
    const stat = pid > 1 ? statOf(pid) : undefined;
    if (stat?.group !== group || stat.session !== group || stat.since < since) continue;
    if (home === undefined || tryTo(() => readlinkSync(`/proc/${pid}/cwd`)) !== home) continue;
    tryTo(() => process.kill(pid, 'SIGKILL'));
  }
}

/** What is best done and can be left: no work fails for it. */
function tryTo<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

interface ProcessStat {
  readonly group: number;
  readonly session: number;
  /** When it started, in ticks since the start of the machine. */
  readonly since: number;
}

/** Fields 5, 6 and 22 of proc_pid_stat(5); undefined for a process that is not there. */
function statOf(pid: number): ProcessStat | undefined {
  return tryTo(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before may have spaces and brackets in it.
    const [, ...fields] = stat.slice(stat.lastIndexOf(')')).split(' ');
    return { group: Number(fields[2]), session: Number(fields[3]), since: Number(fields[19]) };
  });
}

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';

/** How long (ms) an agent may take to end when told to. */
const patience = 5_000;

const record = z.object({ pid: z.int().positive(), startedAt: z.string() });

/**
 * Remembers which process the agent is. The file belongs to us and lies where the agent cannot write: what it names gets
 * killed.
 */
export function remember(file: string, pid: number): void {
  writeFileSync(file, JSON.stringify({ pid, startedAt: startTime(pid) ?? '' }), { mode: 0o600 });
}

export function forget(file: string): void {
  rmSync(file, { force: true });
}

/**
 * Ends the agent that a killed ServerKit left behind. It ends by itself when it notices, so this matters only if it hangs
 * or has not noticed yet; two agents with one key would push each other off the link.
 * @returns whether there was one
 */
export async function endLeftover(file: string): Promise<boolean> {
  const known = read(file);
  if (!known || !isThere(known)) {
    forget(file);
    return false;
  }
  signal(known.pid, 'SIGTERM');
  const deadline = performance.now() + patience;
  while (isThere(known) && performance.now() < deadline) await delay(50);
  if (isThere(known)) signal(known.pid, 'SIGKILL');
  while (isThere(known) && performance.now() < deadline + patience) await delay(50);
  forget(file);
  return true;
}

type Known = z.infer<typeof record>;

function read(file: string): Known | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** The process itself, not another that got its number: numbers are given out again. */
function isThere({ pid, startedAt }: Known): boolean {
  return startedAt !== '' && startTime(pid) === startedAt;
}

/**
 * When a process started, in ticks since boot (field 22 of proc_pid_stat(5)), with the boot's id; undefined when it is
 * gone or a zombie, or where there is no /proc.
 */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended just now.
  }
}

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { terminalVariable } from '../terminal.ts';

/** How long what hangs up on its own may take, and how often that is looked for. Ms. */
const mayTake = 1000;
const lookEvery = 20;
/** Times that everything is killed: what was started meanwhile is found the next time. */
const rounds = 50;

/**
 * Ends the processes of a terminal: told to hang up first, killed after a second. Its own are those of its session and those
 * with its mark in their environment, which a program keeps that leaves the session (setsid, nohup, a daemon).
 *
 * What empties its environment as well, or became another account, is beyond this; where systemd started the shell it ends
 * with the shell's control group.
 *
 * @param session - number of the shell's process
 * @returns false when something may be left
 */
export async function endAll(session: number, terminalId: string): Promise<boolean> {
  const own = (): number[] => belonging(session, `${terminalVariable}=${terminalId}`);
  for (const pid of own()) signal(pid, 'SIGHUP');
  for (const begun = performance.now(); performance.now() - begun < mayTake; await sleep(lookEvery)) {
    if (own().length === 0) return true;
  }
  for (let round = 0; round < rounds; round++) {
    const left = own();
    if (left.length === 0) return true;
    for (const pid of left) signal(pid, 'SIGKILL');
    await sleep(lookEvery);
  }
  return false;
}

function belonging(session: number, mark: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const { state, session: of } = statOf(pid);
      if (state === 'Z') return [];
      if (of === session) return [pid];
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark) ? [pid] : [];
    } catch {
      // It has ended meanwhile, or belongs to another account.
      return [];
    }
  });
}

/** proc(5): the name in parentheses may hold anything, so what follows is counted from the last one. */
function statOf(pid: number): { readonly state: string; readonly session: number } {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [state = '', , , session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state, session: Number(session) };
}

function signal(pid: number, name: 'SIGHUP' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

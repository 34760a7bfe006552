import type { ChildProcess } from 'node:child_process';

/**
 * Ends a process that was started detached, with all that it started: what it leaves behind would keep its output open.
 *
 * @param lastWords - between SIGTERM and SIGKILL, for it to end what it began. Ms
 */
export function endGroup(child: ChildProcess, lastWords: number): void {
  const signalGroup = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // It ended meanwhile.
    }
  };
  signalGroup('SIGTERM');
  const timer = setTimeout(() => signalGroup('SIGKILL'), lastWords);
  child.once('close', () => clearTimeout(timer));
}

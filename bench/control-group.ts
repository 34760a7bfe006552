import { existsSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** A control group with nothing in it, as systemd makes one for a service. */
export interface ControlGroup extends Disposable {
  /** The command that runs `command` in the group; the process keeps its number. */
  readonly enter: (command: string, ...args: string[]) => readonly [string, ...string[]];
}

/**
 * Needs root. Both generations of control groups, whichever has the memory controller here.
 *
 * @throws Error when this machine does not let groups be made
 */
export function controlGroup(): ControlGroup {
  const groups = readFileSync('/proc/self/cgroup', 'utf8');
  const split = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(groups)?.[1];
  const unified = /^0::(\/.*)$/m.exec(groups)?.[1];
  const parent =
    split === undefined ? join('/sys/fs/cgroup', unified ?? '/') : join('/sys/fs/cgroup/memory', split);
  // In a container its own group is the root of what it sees, whatever the path says.
  const there = existsSync(parent) ? parent : join('/sys/fs/cgroup', split === undefined ? '' : 'memory');
  const folder = make(there);
  return {
    enter: (command, ...args) => [
      'sh',
      '-c',
      'echo $$ >"$0/cgroup.procs" && exec "$@"',
      folder,
      command,
      ...args,
    ],
    [Symbol.dispose]: () => rmdirSync(folder),
  };
}

function make(parent: string): string {
  try {
    return mkdtempSync(join(parent, 'serverkit-bench-'));
  } catch (cause) {
    throw new Error(`No control group can be made in ${parent}: run the bench as root.`, { cause });
  }
}

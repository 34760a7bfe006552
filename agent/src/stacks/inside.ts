import { closeSync, constants, fchmodSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { AgentError, systemCode } from '../errors.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/**
 * Gives the path of a file below a folder by which it is reached whatever is renamed meanwhile: through the opened folder
 * that it is in (proc(5), /proc/pid/fd), into which no link led.
 *
 * @returns undefined where a folder on the way is not there
 */
export function within<Result>(
  folder: string,
  name: string,
  make: boolean,
  use: (file: string) => Result,
): Result | undefined {
  const names = name.split('/');
  const last = names.pop() ?? '';
  let plain = folder;
  let fd = openSync(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const reach = (one: string): string =>
    process.platform === 'linux' ? `/proc/self/fd/${fd}/${one}` : path.join(plain, one);
  try {
    for (const one of names) {
      const here = reach(one);
      const made = make && makeFolder(here);
      let next: number;
      try {
        next = openSync(here, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return undefined;
        throw inTheWay(name, error);
      }
      closeSync(fd);
      fd = next;
      plain = path.join(plain, one);
      if (made) fchmodSync(fd, 0o755);
    }
    return use(reach(last));
  } finally {
    closeSync(fd);
  }
}

function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o755 });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

export const inTheWay = (name: string, cause?: unknown): AgentError =>
  new AgentError(
    'CONFLICT',
    `Something else is in the way of ${name} in the stack's folder. Move it away, and try again.`,
    cause,
  );

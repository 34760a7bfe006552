import { readdir, readFile } from 'node:fs/promises';

/**
 * Kills every process whose command line or environment names `path`: what a killed parent left behind
 * on purpose (a database that is to be adopted) or by accident. Only for paths that one test made up. Linux only.
 *
 * @returns how many were killed
 */
export async function reapUsersOf(path: string): Promise<number> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const users = await Promise.all(pids.map(async (pid) => ((await names(pid, path)) ? [pid] : [])));
  for (const pid of users.flat()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended in between.
    }
  }
  return users.flat().length;
}

async function names(pid: number, path: string): Promise<boolean> {
  const texts = await Promise.all(
    ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
  );
  return texts.some((text) => text.includes(path));
}

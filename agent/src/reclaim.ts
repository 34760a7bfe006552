import { readFileSync, writeFileSync } from 'node:fs';
import { describe } from './errors.ts';
import type { Log } from './log.ts';

/** By now everything that is needed at start and never again has been read. Ms. */
const SETTLED = 10_000;

/**
 * Once, after the start, asks the kernel to take back the pages of this process's control group that nobody uses: two
 * thirds of a Node process is program text that only its start needed. Only in a group that holds this process alone and
 * was delegated to it (systemd: Delegate=yes), never in one that is shared.
 *
 * Documentation/admin-guide/cgroup-v2.rst (memory.reclaim), cgroup-v1/memory.rst (memory.force_empty).
 *
 * @returns stops it
 */
export function reclaimOnceSettled(log: Log, delayMs = SETTLED): () => void {
  const timer = setTimeout(() => {
    try {
      const [file, text] = ownGroup();
      if (file === undefined) return;
      writeFileSync(file, text);
      log.debug('unused memory was given back', { file });
    } catch (error) {
      // EAGAIN says that less was found than was asked for, which was everything.
      log.debug('memory was asked back', { outcome: describe(error) });
    }
  }, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

/** The file to write to, if the group is this process's own. */
function ownGroup(): readonly [string | undefined, string] {
  const groups = readFileSync('/proc/self/cgroup', 'utf8');
  const split = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.+)$/m.exec(groups)?.[1];
  const unified = /^0::(\/.+)$/m.exec(groups)?.[1];
  const folder = split ? `/sys/fs/cgroup/memory${split}` : unified && `/sys/fs/cgroup${unified}`;
  if (!folder) return [undefined, ''];
  if (readFileSync(`${folder}/cgroup.procs`, 'utf8').trim() !== String(process.pid)) return [undefined, ''];
  return split ? [`${folder}/memory.force_empty`, '0'] : [`${folder}/memory.reclaim`, '128M'];
}

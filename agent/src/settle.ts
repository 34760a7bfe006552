import { readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe } from './errors.ts';
import type { Log } from './log.ts';

/** By now everything that is needed at start and never again has been used. Ms. */
const SETTLED = 10_000;
/** How much the heap may grow before old garbage is collected, instead of V8's doubling. Percent. */
const GROWTH = 20;

/**
 * Once, after the start, gives back what only the start needed: a third of the heap is code and parse trees that will not
 * run again, and two thirds of the resident memory of a Node process are pages of its program text.
 *
 * @returns stops it
 */
export function settle(log: Log, delayMs = SETTLED): () => void {
  const timer = setTimeout(() => {
    for (const step of [collectGarbage, reclaimPages]) {
      try {
        step();
      } catch (error) {
        log.debug('memory could not be given back', { step: step.name, reason: describe(error) });
      }
    }
  }, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

/** V8 collects when it needs room, and an agent that idles never does. Takes some 50 ms. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') {
    Reflect.apply(collect, undefined, [{ type: 'major', execution: 'sync', flavor: 'last-resort' }]);
  }
}

/**
 * Asks the kernel to take back the pages of this process's control group that nobody uses, but only in a group that holds
 * this process alone and was delegated to it (systemd: Delegate=yes): in a shared one it would take those of others.
 *
 * Documentation/admin-guide/cgroup-v2.rst (memory.reclaim), cgroup-v1/memory.rst (memory.force_empty).
 */
function reclaimPages(): void {
  const groups = readFileSync('/proc/self/cgroup', 'utf8');
  const split = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.+)$/m.exec(groups)?.[1];
  const unified = /^0::(\/.+)$/m.exec(groups)?.[1];
  const folder = split ? `/sys/fs/cgroup/memory${split}` : unified && `/sys/fs/cgroup${unified}`;
  if (!folder || readFileSync(`${folder}/cgroup.procs`, 'utf8').trim() !== String(process.pid)) return;
  if (split) writeFileSync(`${folder}/memory.force_empty`, '0');
  // Answered with EAGAIN when less was found than was asked for; more than there is is asked for on purpose.
  else writeFileSync(`${folder}/memory.reclaim`, '128M');
}

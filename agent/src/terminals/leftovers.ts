import { rmSync } from 'node:fs';
import type { Engine } from '../docker/engine.ts';
import { array, object, parse, text, textOrNull } from '../docker/json.ts';
import { AgentError, describe } from '../errors.ts';
import { readIfThere, writeWhole } from '../files.ts';
import type { Log } from '../log.ts';
import { reap, type Mark } from './reap.ts';

/** A paused container lets nothing in; it is tried again until it goes on or goes away. Ms. */
const again = 10_000;

/**
 * The marks of all terminals whose processes may be there, on disk: a shell outlives its connection, and so would outlive
 * an agent that is killed.
 */
export interface Leftovers {
  /** Before anything is started. @throws the file system's error */
  add(mark: Mark): void;
  /** Nothing of it was started. */
  remove(mark: Mark): void;
  /** Makes sure that nothing is left, however long it takes, and forgets it then. */
  sweep(mark: Mark): void;
  close(): void;
}

export interface LeftoversOptions {
  readonly file: string;
  readonly engine: Pick<Engine, 'call' | 'get'>;
  readonly log: Log;
  /** @default 10_000 */
  readonly againMs?: number;
}

/** Begins with what an agent before this one left. */
export function openLeftovers({ file, engine, log, againMs = again }: LeftoversOptions): Leftovers {
  const marks = new Map<string, Mark>();
  const timers = new Set<NodeJS.Timeout>();

  function write(): void {
    if (marks.size === 0) rmSync(file, { force: true });
    else writeWhole(file, JSON.stringify([...marks.values()]), 0o600);
  }

  function remove({ terminalId }: Mark): void {
    if (!marks.delete(terminalId)) return;
    try {
      write();
    } catch (error) {
      // Looked for in vain at the next start.
      log.warn('the list of terminals cannot be written', { reason: describe(error) });
    }
  }

  function sweep(mark: Mark): void {
    reap(engine, mark, 'KILL').then(
      () => remove(mark),
      (error: unknown) => {
        // Where nothing can be run there is nothing that could be done.
        if (!(error instanceof AgentError))
          log.warn('a terminal may have left a process', { reason: describe(error) });
        const timer = setTimeout(() => {
          timers.delete(timer);
          sweep(mark);
        }, againMs).unref();
        timers.add(timer);
      },
    );
  }

  for (const mark of read(file)) {
    marks.set(mark.terminalId, mark);
    sweep(mark);
  }

  return {
    add(mark) {
      marks.set(mark.terminalId, mark);
      write();
    },
    remove,
    sweep,
    close() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function read(file: string): Mark[] {
  return array(parse(readIfThere(file) ?? '')).flatMap((value) => {
    const { containerId, terminalId, user } = object(value);
    const mark = { containerId: text(containerId), terminalId: text(terminalId), user: textOrNull(user) };
    return /^[0-9a-f]{64}$/.test(mark.containerId) && mark.terminalId !== '' ? [mark] : [];
  });
}

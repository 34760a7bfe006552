import { AgentError } from '../errors.ts';

/** So many at once of what costs the engine much. */
export interface Slots {
  /** A turn, as soon as there is one. @throws AgentError CANCELLED where nobody waits for it any more */
  wait(signal: AbortSignal): Promise<Disposable>;
  /** A turn now. @throws AgentError TOO_MANY_OPERATIONS */
  take(): Disposable;
}

/** @param noun - what there are too many of: "downloads" */
export function createSlots(limit: number, noun: string): Slots {
  let free = limit;
  const waiting = new Set<() => void>();

  function taken(): Disposable {
    let held = true;
    return {
      [Symbol.dispose]() {
        if (!held) return;
        held = false;
        const [next] = waiting;
        // Handed on rather than freed, or one who comes now would be before those who wait.
        if (next) next();
        else free += 1;
      },
    };
  }

  return {
    take() {
      if (free === 0) {
        throw new AgentError(
          'TOO_MANY_OPERATIONS',
          `This server has ${limit} ${noun} under way; wait for one to end.`,
        );
      }
      free -= 1;
      return taken();
    },
    async wait(signal) {
      if (free > 0) return this.take();
      await new Promise<void>((resolve, reject) => {
        const leave = (): void => {
          waiting.delete(begin);
          reject(new AgentError('CANCELLED', 'The operation was cancelled before it did anything.'));
        };
        const begin = (): void => {
          waiting.delete(begin);
          signal.removeEventListener('abort', leave);
          resolve();
        };
        if (signal.aborted) return leave();
        waiting.add(begin);
        signal.addEventListener('abort', leave, { once: true });
      });
      return taken();
    },
  };
}

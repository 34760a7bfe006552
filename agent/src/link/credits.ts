import type { CreditWindow } from '../context.ts';
import { AgentError } from '../errors.ts';

interface Waiter {
  readonly need: number;
  readonly wake: () => void;
}

export interface GrantedWindow extends CreditWindow {
  /** The consumer took `bytes` more. */
  grant(bytes: number): void;
}

/**
 * The credit of one bulk stream. Besides the consumer's grants it waits for `roomToSend`, so that bulk never
 * queues in front of control messages on this side of the network either.
 *
 * @param windowBytes what may be sent before the first grant
 */
export function createCreditWindow(
  windowBytes: number,
  signal: AbortSignal,
  roomToSend: (bytes: number) => Promise<void>,
): GrantedWindow {
  let credit = windowBytes;
  const waiters: Waiter[] = [];

  const wakeAll = (): void => {
    for (const waiter of waiters.splice(0)) waiter.wake();
  };
  signal.addEventListener('abort', wakeAll, { once: true });

  const refuseIfAborted = (): void => {
    if (signal.aborted) throw new AgentError('CANCELLED', 'The stream was ended.');
  };

  return {
    available: () => Math.max(0, credit),
    grant(bytes) {
      // A peer that grants without end gains nothing: more than the window is never outstanding.
      credit = Math.min(credit + bytes, windowBytes);
      while (waiters[0] && credit >= waiters[0].need) waiters.shift()?.wake();
    },
    async take(bytes) {
      // Without a window nothing is ever let through, however small.
      const need = windowBytes > 0 ? Math.min(bytes, windowBytes) : bytes;
      while (credit < need) {
        refuseIfAborted();
        await new Promise<void>((wake) => waiters.push({ need, wake }));
      }
      refuseIfAborted();
      credit -= bytes;
      await roomToSend(bytes);
      refuseIfAborted();
    },
  };
}

import type { Logger } from 'pino';
import type { Room } from '../platform.ts';
import { sweepAll, type Sweep } from './service.ts';

const everyMs = 24 * 60 * 60_000;

/** Takes away once a day, and soon after the start, what ended long ago. */
export function retentionRoom(sweeps: readonly Sweep[], log: Logger): Room {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  const begin = (): void => {
    round = sweepAll(sweeps, { log, signal: ending.signal });
  };
  return {
    name: 'retention',
    started() {
      begin();
      timer = setInterval(begin, everyMs).unref();
    },
    async drain() {
      ending.abort();
      clearInterval(timer);
      await round;
    },
  };
}

import type { Room } from '../platform.ts';
import type { Keys } from './service.ts';

const everyMs = 60_000;

/** Looks after keys once a minute. */
export function keysRoom(keys: Keys): Room {
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  return {
    name: 'keys',
    prepare: () => keys.prepare(),
    started() {
      timer = setInterval(() => {
        round = round.then(() => keys.tick());
      }, everyMs);
      timer.unref();
    },
    drain() {
      clearInterval(timer);
    },
  };
}

import { performance } from 'node:perf_hooks';
import type { WebSocket } from 'ws';
import { pingEveryMs, silenceLimitMs } from '@serverkit/wire/handshake.ts';

interface Watched {
  readonly socket: WebSocket;
  heardAt: number;
  pingedAt: number;
  silent: boolean;
}

/** Pings every link and gives up on those that have been silent for too long. */
export interface Liveness {
  /** @returns a record whose `silent` tells, after the close, that silence was the reason */
  watch(socket: WebSocket): { readonly silent: boolean };
  stop(): void;
}

/** One timer for all links: ten thousand of their own would cost more than the pings. */
export function createLiveness(sweepEveryMs = 1_000): Liveness {
  const all = new Set<Watched>();
  const timer = setInterval(() => {
    const now = performance.now();
    for (const watched of all) {
      if (now - watched.heardAt > silenceLimitMs) {
        watched.silent = true;
        watched.socket.terminate();
      } else if (now - watched.pingedAt >= pingEveryMs && watched.socket.readyState === watched.socket.OPEN) {
        watched.pingedAt = now;
        watched.socket.ping();
      }
    }
  }, sweepEveryMs);
  timer.unref();

  return {
    watch(socket) {
      const now = performance.now();
      const watched: Watched = { socket, heardAt: now, pingedAt: now, silent: false };
      const heard = (): void => {
        watched.heardAt = performance.now();
      };
      socket.on('message', heard);
      socket.on('pong', heard);
      socket.on('ping', heard);
      socket.once('close', () => all.delete(watched));
      all.add(watched);
      return watched;
    },
    stop: () => clearInterval(timer),
  };
}

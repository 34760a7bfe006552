import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type WebSocket from 'ws';
import { pingEveryMs, silenceLimitMs } from '@serverkit/wire/handshake.ts';

/** How often a link is looked after; tests have less time than networks. Milliseconds. */
export interface WatchPace {
  /** @default 10_000 */
  readonly pingEveryMs: number;
  /** @default 25_000 */
  readonly silenceLimitMs: number;
}

/**
 * Pings, and gives a silent socket up: TCP alone notices a vanished peer after minutes or hours. Every byte counts as
 * life, so that one large message over a slow line is not taken for silence.
 */
export function watch(socket: WebSocket, pace: Partial<WatchPace> = {}): { stop(): void } {
  const everyMs = pace.pingEveryMs ?? pingEveryMs;
  const limitMs = pace.silenceLimitMs ?? silenceLimitMs;
  let wire: Socket | undefined;
  let bytesRead = 0;
  let heardAt = performance.now();
  let pingedAt = heardAt;
  socket.once('upgrade', ({ socket: raw }) => {
    wire = raw;
    heardAt = performance.now();
  });
  const timer = setInterval(() => {
    const now = performance.now();
    if (wire && wire.bytesRead !== bytesRead) {
      ({ bytesRead } = wire);
      heardAt = now;
    }
    if (now - heardAt > limitMs) socket.terminate();
    else if (now - pingedAt >= everyMs && socket.readyState === socket.OPEN) {
      pingedAt = now;
      socket.ping();
    }
  }, everyMs / 4);
  return { stop: () => clearInterval(timer) };
}

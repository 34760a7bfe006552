import type { Duplex } from 'node:stream';
import { performance } from 'node:perf_hooks';
import type { WebSocket } from 'ws';
import { pingEveryMs, silenceLimitMs } from '@serverkit/wire/handshake.ts';

/** What may wait for one agent to read it, in bytes. Beyond it nothing but giving up bounds our memory. */
const maxQueuedBytes = 16 * 1024 * 1024;

export interface LivenessPace {
  /** @default 10_000 */
  readonly pingEveryMs: number;
  /** @default 25_000 */
  readonly silenceLimitMs: number;
  /** @default 1_000 */
  readonly sweepEveryMs: number;
}

interface Watched {
  readonly socket: WebSocket;
  readonly wire: Duplex & { readonly bytesRead?: number };
  bytesRead: number;
  heardAt: number;
  pingedAt: number;
  verdict: string | undefined;
}

/** Pings every link and gives up on those that have been silent for too long, or do not read. */
export interface Liveness {
  /**
   * @param wire the socket below, whose every byte counts as life: one large message over a slow line is no silence
   * @returns a record that tells, after the close, why it was given up, if it was
   */
  watch(socket: WebSocket, wire: Duplex): { readonly verdict: string | undefined };
  stop(): void;
}

/** One timer for all links: ten thousand of their own would cost more than the pings. */
export function createLiveness(pace: Partial<LivenessPace> = {}): Liveness {
  const everyMs = pace.pingEveryMs ?? pingEveryMs;
  const limitMs = pace.silenceLimitMs ?? silenceLimitMs;
  const all = new Set<Watched>();
  const timer = setInterval(() => {
    const now = performance.now();
    for (const watched of all) look(watched, now);
  }, pace.sweepEveryMs ?? 1_000);
  timer.unref();

  function look(watched: Watched, now: number): void {
    const { socket, wire } = watched;
    const bytesRead = wire.bytesRead ?? 0;
    if (bytesRead !== watched.bytesRead) {
      watched.bytesRead = bytesRead;
      watched.heardAt = now;
    }
    if (now - watched.heardAt > limitMs) watched.verdict = 'Silent for too long';
    else if (socket.bufferedAmount > maxQueuedBytes) watched.verdict = 'Did not read what it was sent';
    else if (now - watched.pingedAt >= everyMs && socket.readyState === socket.OPEN) {
      watched.pingedAt = now;
      socket.ping();
    }
    if (watched.verdict !== undefined) socket.terminate();
  }

  return {
    watch(socket, wire) {
      const now = performance.now();
      const watched: Watched = {
        socket,
        wire,
        bytesRead: 0,
        heardAt: now,
        pingedAt: now,
        verdict: undefined,
      };
      socket.once('close', () => all.delete(watched));
      all.add(watched);
      return watched;
    },
    stop: () => clearInterval(timer),
  };
}

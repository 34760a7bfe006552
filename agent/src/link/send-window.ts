import type WebSocket from 'ws';

/** Bulk waits while more than this is queued on the socket itself. */
const bulkQueueBytes = 64 * 1024;

interface Waiter {
  readonly streamId: string;
  readonly bytes: number;
  readonly go: () => void;
}

/** What one link may have under way towards the control plane. Only bulk ever waits; all results count. */
export interface SendWindow {
  /** Resolves when a piece of a bulk stream may be sent, in the order of asking; also when the link is gone. */
  room(streamId: string, bytes: number): Promise<void>;
  /** A `next` message was handed to the socket. @param bytes of the whole message */
  sent(streamId: string, bytes: number): void;
  /** The control plane took that much off the link. */
  received(bytes: number): void;
  /** The stream is over: what it asked room for and did not send is free again. */
  forget(streamId: string): void;
  /** The socket may have drained, or closed. */
  look(): void;
}

/** @param windowBytes what may be under way at once */
export function createSendWindow(
  socket: Pick<WebSocket, 'readyState' | 'OPEN' | 'bufferedAmount'>,
  windowBytes: number,
): SendWindow {
  const waiters: Waiter[] = [];
  /** Promised, and on its way through the executor to the socket. */
  const promised = new Map<string, number>();
  let promisedBytes = 0;
  let underWay = 0;

  function promise(streamId: string, bytes: number): void {
    promised.set(streamId, (promised.get(streamId) ?? 0) + bytes);
    promisedBytes += bytes;
  }

  function settle(streamId: string, bytes: number): void {
    const before = promised.get(streamId) ?? 0;
    const used = Math.min(before, bytes);
    promisedBytes -= used;
    if (before === used) promised.delete(streamId);
    else promised.set(streamId, before - used);
  }

  function fits({ bytes }: Waiter): boolean {
    if (socket.readyState !== socket.OPEN) return true;
    if (socket.bufferedAmount >= bulkQueueBytes) return false;
    // A piece larger than the whole window goes when nothing else is under way.
    return underWay + promisedBytes + bytes <= windowBytes || underWay + promisedBytes === 0;
  }

  function look(): void {
    for (let [first] = waiters; first && fits(first); [first] = waiters) {
      waiters.shift();
      promise(first.streamId, first.bytes);
      first.go();
    }
  }

  return {
    room(streamId, bytes) {
      return new Promise((go) => {
        waiters.push({ streamId, bytes, go });
        look();
      });
    },
    sent(streamId, bytes) {
      settle(streamId, bytes);
      underWay += bytes;
    },
    received(bytes) {
      underWay = Math.max(0, underWay - bytes);
      look();
    },
    forget(streamId) {
      settle(streamId, Number.POSITIVE_INFINITY);
      const gone = waiters.filter((waiter) => waiter.streamId === streamId);
      for (const waiter of gone) {
        waiters.splice(waiters.indexOf(waiter), 1);
        waiter.go();
      }
      look();
    },
    look,
  };
}

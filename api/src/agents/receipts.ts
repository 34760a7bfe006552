import type { WebSocket } from 'ws';
import { maxGrantBytes, receiptEveryBytes, type Credits } from '@serverkit/wire/credits.ts';

/** Tells an agent what came off its link and what its streams may send. */
export interface Receipts {
  /** A `next` message came. @param bytes of the whole message */
  took(bytes: number): void;
  /** Lets one stream send that many bytes more. */
  grant(streamId: string, bytes: number): void;
}

export function createReceipts(socket: WebSocket): Receipts {
  let received = 0;

  function tell(credits: Credits): void {
    if (socket.readyState !== socket.OPEN) return;
    const payload: Credits = received > 0 ? { ...credits, received } : credits;
    received = 0;
    socket.send(JSON.stringify({ type: 'ping', payload }), () => undefined);
  }

  return {
    took(bytes) {
      received += bytes;
      if (received >= receiptEveryBytes) tell({});
    },
    grant: (streamId, bytes) => tell({ grants: [{ streamId, bytes: Math.min(bytes, maxGrantBytes) }] }),
  };
}

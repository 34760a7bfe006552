import { WebSocket } from 'ws';
import type { WebSocketClass } from '../options.ts';

/** Four times the largest message the API sends, in bytes. */
const maxPayload = 16 * 1024 * 1024;

/** graphql-ws closes with it what does not answer any more; a closing handshake would be waited for in vain. */
const terminated = 4499;

/** The class of `ws`: unlike Node's own it is there in Node 20, can stop reading, and trusts an authority of choice. */
export function socketClass(ca: string | undefined): WebSocketClass {
  return class extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols, { perMessageDeflate: false, maxPayload, ...(ca !== undefined && { ca }) });
    }

    override close(code?: number, reason?: string): void {
      if (code === terminated) this.terminate();
      else super.close(code, reason);
    }
  };
}

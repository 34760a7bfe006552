import type WebSocket from 'ws';
import type { RawData } from 'ws';
import { linkCloseCodes } from '@serverkit/wire/errors.ts';
import { FairShare } from './fair-share.ts';

/** The part of the browser's WebSocket that graphql-ws uses. */
export interface DialedSocket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null;
  onerror: ((error: unknown) => void) | null;
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/**
 * Makes a WebSocket class whose only instance is a socket that an agent dialed and we accepted, so that
 * graphql-ws's client can be run on it. A second instance would be a reconnect, which only agents do.
 *
 * @param inspect sees every parsed frame first; false keeps it from the client
 * @param onSent told the id of every operation's message that was really handed to the socket
 */
export function dialedSocketClass(
  socket: WebSocket,
  inspect: (message: unknown, bytes: number) => boolean,
  onSent: (id: string) => void,
) {
  let taken = false;
  return class Dialed implements DialedSocket {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSING = 2;
    static readonly CLOSED = 3;

    onopen: DialedSocket['onopen'] = null;
    onmessage: DialedSocket['onmessage'] = null;
    onclose: DialedSocket['onclose'] = null;
    onerror: DialedSocket['onerror'] = null;

    constructor() {
      if (taken) throw new Error('an agent link is never dialed from this side');
      taken = true;
      queueMicrotask(() => this.onopen?.());
      const fair = new FairShare(socket);
      socket.on('message', (data: RawData, isBinary: boolean) =>
        fair.take(() => this.#receive(data, isBinary)),
      );
      // 'close' follows every error and tells the same.
      socket.on('error', () => undefined);
      socket.once('close', (code, reason) => {
        // graphql-ws takes 1000 for "nothing left to do" and then settles no operation in flight.
        const mapped = code === 1000 ? linkCloseCodes.protocol : code;
        this.onclose?.({ code: mapped, reason: String(reason), wasClean: code !== 1006 });
      });
    }

    get readyState(): number {
      return socket.readyState;
    }

    send(text: string): void {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(text, () => undefined);
      const id = /^\{"id":"([^"\\]+)"/.exec(text)?.[1];
      if (id !== undefined) onSent(id);
    }

    close(code = 1000, reason = ''): void {
      socket.close(code, reason);
    }

    #receive(data: RawData, isBinary: boolean): void {
      let message: unknown;
      try {
        if (!isBinary && Buffer.isBuffer(data)) message = JSON.parse(data.toString('utf8'));
      } catch {
        message = undefined;
      }
      if (message === undefined) {
        socket.close(linkCloseCodes.protocol, 'Not a message of this protocol');
        return;
      }
      // Parsed once: graphql-ws takes the object as it is.
      if (inspect(message, Buffer.isBuffer(data) ? data.length : 0)) this.onmessage?.({ data: message });
    }
  };
}

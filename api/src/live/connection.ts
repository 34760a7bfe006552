import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { anonymous, type Principal, type ViewerSocket } from '../context.ts';
import type { RequestFacts } from '../http/exchange.ts';
import { viewerCloseCodes } from './close-codes.ts';
import { Operation } from './operation.ts';

/** What may wait for one reader, in bytes. Beyond it nothing but giving up bounds our memory. */
const maxBuffered = 16 * 1024 * 1024;

/** Events that come sooner after another than this leave together with those that follow it. Milliseconds. */
const gatherMs = 4;
/** Beyond this many bytes there is nothing to gain by waiting. */
const gatherBytes = 64 * 1024;

export interface ConnectionFacts extends Pick<RequestFacts, 'address' | 'secure' | 'host'> {
  readonly userAgent: string;
  readonly cookie: string | undefined;
  /** Of a page of another origin that may use the API, with a token. */
  readonly listed: boolean;
}

/** One viewer's socket: bounded, and safe to write to whatever state it is in. */
export class Connection implements ViewerSocket {
  readonly facts: ConnectionFacts;
  /** Who it belongs to; changes when their rights do. */
  principal: Principal = anonymous;
  #unsettled: PromiseWithResolvers<void> | undefined;
  /** Grows whenever its owner's rights may have changed. */
  #doubts = 0;
  /** By the id the client gave. */
  readonly operations = new Map<string, Operation>();
  readonly #ws: WebSocket;
  readonly #socket: Duplex & { readonly bytesRead?: number };
  readonly #closed = Promise.withResolvers<void>();
  #postedAt = 0;
  #gathering: NodeJS.Timeout | undefined;
  #bytesRead = 0;
  #silentSince = Date.now();

  constructor(ws: WebSocket, socket: Duplex, facts: ConnectionFacts) {
    this.#ws = ws;
    this.#socket = socket;
    this.facts = facts;
    ws.once('close', () => {
      clearTimeout(this.#gathering);
      this.#closed.resolve();
    });
    // What the other side does wrong ends in a close, which is handled there.
    ws.on('error', () => {});
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  /** Resolves when the socket is no more. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get open(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount;
  }

  /** Resolves when the kernel took it, or the socket is no more; never rejects. */
  send(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#write(text, () => resolve());
      this.#letGo();
    });
  }

  /**
   * The same without knowing when, for the fan-out. One by itself goes at once; of a stream of them the kernel is handed
   * several at a time, since for a short message that call is most of the work.
   */
  post(text: string): void {
    const now = performance.now();
    const soon = now - this.#postedAt < gatherMs;
    this.#postedAt = now;
    if (soon && this.#gathering === undefined && this.open) {
      this.#socket.cork();
      this.#gathering = setTimeout(() => this.#letGo(), gatherMs);
    }
    this.#write(text);
    if (this.bufferedAmount > gatherBytes) this.#letGo();
  }

  #letGo(): void {
    if (this.#gathering === undefined) return;
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#socket.uncork();
  }

  #write(text: string, done?: () => void): void {
    if (!this.open) return done?.();
    if (this.#ws.bufferedAmount > maxBuffered) {
      this.close(viewerCloseCodes.tooSlow, 'Read faster, or subscribe to less.');
      // The close frame waits behind what is not being read.
      this.#ws.terminate();
      return done?.();
    }
    this.#ws.send(text, done);
  }

  async drained(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.open || this.#ws.bufferedAmount === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const settle = () => resolve();
    // A ping stands behind everything else: when it is taken, or the socket gone, so is the rest. A callback with each
    // message would tell the same, and cost as much again as sending it.
    this.#ws.ping('', false, settle);
    this.#letGo();
    signal?.addEventListener('abort', settle, { once: true });
    await promise;
    signal?.removeEventListener('abort', settle);
    signal?.throwIfAborted();
  }

  /** Operations that were not completed yet. */
  get running(): number {
    let count = 0;
    for (const { signal } of this.operations.values()) if (!signal.aborted) count += 1;
    return count;
  }

  /** Resolves when it is certain again what its owner may do; undefined when it is. */
  get unsettled(): Promise<void> | undefined {
    return this.#unsettled?.promise;
  }

  get doubts(): number {
    return this.#doubts;
  }

  /** Its owner's rights may have changed: nothing more is sent that needs any until {@link settle}. */
  unsettle(): void {
    this.#doubts += 1;
    this.#unsettled ??= Promise.withResolvers();
    for (const { revisable } of this.operations.values()) revisable?.suspend();
  }

  settle(): void {
    this.#unsettled?.resolve();
    this.#unsettled = undefined;
  }

  begin(id: string): Operation {
    const operation = new Operation(id);
    this.operations.set(id, operation);
    return operation;
  }

  end(operation: Operation): void {
    if (this.operations.get(operation.id) === operation) this.operations.delete(operation.id);
    operation.settle();
  }

  /** Ends what runs at once; the other side may take its time to answer the close frame. */
  close(code: number, reason: string): void {
    this.settle();
    for (const operation of this.operations.values()) operation.cut();
    this.#ws.close(code, reason);
    this.#letGo();
  }

  terminate(): void {
    this.#ws.terminate();
  }

  /** Asks for a sign of life. */
  ping(): void {
    if (this.open) this.#ws.ping();
  }

  /** For how long nothing was heard, in milliseconds, as exactly as this is called often. Any byte counts. */
  silence(now: number): number {
    const bytesRead = this.#socket.bytesRead ?? 0;
    if (bytesRead !== this.#bytesRead) {
      this.#bytesRead = bytesRead;
      this.#silentSince = now;
    }
    return now - this.#silentSince;
  }
}

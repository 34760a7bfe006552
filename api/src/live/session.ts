import type { Logger } from 'pino';
import { viewerCloseCodes } from './close-codes.ts';
import type { Connection } from './connection.ts';
import type { Operation } from './operation.ts';
import type { Protocol } from './protocol.ts';

/** What a client may send; the protocol has other types for servers. */
const clientTypes: ReadonlySet<unknown> = new Set([
  'connection_init',
  'ping',
  'pong',
  'subscribe',
  'complete',
]);

/** Operations of one socket that were completed and are still ending, with those that wait for their id. */
const maxEnding = 2_000;

/** One socket's talk with the protocol library. Nothing the client sends, and nothing the library throws, ends the process. */
export class ViewerSession {
  readonly #connection: Connection;
  readonly #log: Logger;
  readonly #closed: (code: number, reason: string) => Promise<void>;
  #deliver: (text: string) => Promise<void> = async () => {};
  /** Subscribe messages whose id is still in use by an operation that is ending. */
  readonly #waiting = new Map<string, string>();

  constructor({ server }: Protocol, connection: Connection, log: Logger) {
    this.#connection = connection;
    this.#log = log;
    this.#closed = server.opened(
      {
        protocol: connection.protocol,
        send: (text) => connection.send(text),
        close: (code, reason) => connection.close(code ?? viewerCloseCodes.internal, reason ?? ''),
        onMessage: (deliver) => {
          this.#deliver = deliver;
        },
      },
      connection,
    );
  }

  receive(text: string): void {
    const { type, id } = peek(text);
    if (!clientTypes.has(type)) {
      this.#connection.close(viewerCloseCodes.badMessage, 'Invalid message received');
    } else if (id === undefined) {
      void this.#pass(text);
    } else if (type === 'complete') {
      this.#complete(id, text);
    } else if (type === 'subscribe') {
      this.#subscribe(id, text);
    } else {
      void this.#pass(text);
    }
  }

  async closed(code: number, reason: string): Promise<void> {
    this.#waiting.clear();
    for (const operation of this.#connection.operations.values()) operation.cut();
    try {
      await this.#closed(code, reason);
    } catch (error) {
      this.#log.warn({ err: error }, "a viewer's socket did not end cleanly");
    }
  }

  /** The id may be used again after complete, but what ran under it may still be ending: then the next one waits. */
  #subscribe(id: string, text: string): void {
    const { operations } = this.#connection;
    const last = operations.get(id);
    if ((last && !last.signal.aborted) || this.#waiting.has(id)) {
      this.#connection.close(viewerCloseCodes.idInUse, 'Subscriber already exists');
    } else if (operations.size + this.#waiting.size >= maxEnding) {
      this.#connection.close(viewerCloseCodes.badMessage, 'Too many operations are ending.');
    } else if (last) {
      this.#waiting.set(id, text);
    } else {
      void this.#run(this.#connection.begin(id), text);
    }
  }

  #complete(id: string, text: string): void {
    // The one that waits is the one the client means.
    if (this.#waiting.delete(id)) return;
    this.#connection.operations.get(id)?.abort();
    void this.#pass(text);
  }

  async #run(operation: Operation, text: string): Promise<void> {
    await this.#pass(text);
    this.#connection.end(operation);
    const next = this.#waiting.get(operation.id);
    if (next === undefined) return;
    this.#waiting.delete(operation.id);
    this.#subscribe(operation.id, next);
  }

  async #pass(text: string): Promise<void> {
    try {
      await this.#deliver(text);
    } catch (error) {
      const { address } = this.#connection.facts;
      this.#log.warn({ err: error, address }, "a viewer's message could not be handled");
      this.#connection.close(
        viewerCloseCodes.internal,
        'Something went wrong here; the log has the details.',
      );
    }
  }
}

/** Type and id of a message, if it has them; the library does the judging. */
function peek(text: string): { readonly type?: unknown; readonly id?: string } {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null || !('type' in message)) return {};
    const { type } = message;
    return 'id' in message && typeof message.id === 'string' ? { type, id: message.id } : { type };
  } catch {
    return {};
  }
}

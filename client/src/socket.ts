import { createClient, type Client as Protocol } from 'graphql-ws/client';
import type { Payload, RawAnswer } from './answer.ts';
import { closeError, refusedUpgrade } from './close-error.ts';
import type { Credentials } from './credentials.ts';
import { readErrors, type AnsweredError } from './errors.ts';
import { connectionFailed } from './http.ts';
import type { ConnectionState, WebSocketClass, WebSocketLike } from './options.ts';
import type { Reconnection } from './reconnection.ts';

/** The API gives up a silent socket, and so do we: a dead line must not look alive. Milliseconds. */
const pingEveryMs = 10_000;
const pongWithinMs = 15_000;
const ackWithinMs = 15_000;

export interface SocketOptions {
  readonly endpoint: URL;
  readonly webSocket: WebSocketClass;
  readonly credentials: Credentials;
  readonly reconnection: Reconnection;
  readonly onConnection: (state: ConnectionState) => void;
}

/** Hears what becomes of one operation; one of the last three is called, once. */
export interface Sink<Data> {
  next(answer: RawAnswer<Data>): void;
  /** The API said that there is no more. */
  complete(): void;
  /** The API ended it. */
  refused(errors: readonly AnsweredError[]): void;
  /** The connection was not made, or broke. */
  lost(error: Error): void;
}

interface Running {
  readonly lost: (error: Error) => void;
  release: () => void;
}

/**
 * A WebSocket that is there while something uses it. graphql-ws speaks the protocol on it. It never retries here: what is
 * asked for after a break is not what was asked for before.
 */
export class Socket {
  readonly reconnection: Reconnection;
  readonly #options: SocketOptions;
  readonly #protocol: Protocol;
  readonly #running = new Set<Running>();
  #ws: WebSocketLike | undefined;
  /** What went wrong before the socket was closed; the close event does not know. */
  #failure: unknown;
  #connected = false;
  #pong: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.reconnection = options.reconnection;
    this.#protocol = createClient({
      url: options.endpoint.href.replace(/^http/, 'ws'),
      webSocketImpl: options.webSocket,
      connectionParams: () => this.#introduction(),
      retryAttempts: 0,
      keepAlive: pingEveryMs,
      connectionAckWaitTimeout: ackWithinMs,
      on: {
        connecting: () => options.onConnection({ state: 'connecting' }),
        opened: (socket) => {
          if (isSocket(socket)) this.#ws = socket;
        },
        connected: () => {
          this.#connected = true;
          options.reconnection.opened();
          options.onConnection({ state: 'connected' });
        },
        // graphql-ws sends pings and does not miss their answer.
        ping: (received) => {
          if (received || this.paused) return;
          clearTimeout(this.#pong);
          this.#pong = setTimeout(() => this.#protocol.terminate(), pongWithinMs);
        },
        pong: (received) => {
          if (received) clearTimeout(this.#pong);
        },
        error: (event) => {
          this.#failure ??= causeOf(event);
        },
        closed: (event) => this.#closed(event),
      },
    });
  }

  /** @returns what ends it early, without a word to the sink */
  subscribe<Data>({ query, variables = {} }: Payload, sink: Sink<Data>): () => void {
    const running: Running = { lost: (error) => sink.lost(error), release: () => {} };
    /** Whether it had not ended yet. */
    const settle = (): boolean => this.#running.delete(running);
    this.#running.add(running);
    running.release = this.#protocol.subscribe<Data>(
      { query, variables: { ...variables } },
      {
        next: ({ data, errors }) => {
          if (this.#running.has(running)) sink.next({ data: data ?? null, errors: readErrors(errors) ?? [] });
        },
        error: (reason) => {
          if (!settle()) return;
          const errors = readErrors(reason);
          if (errors) sink.refused(errors);
          else sink.lost(this.#errorOf(reason));
        },
        complete: () => {
          if (settle()) sink.complete();
        },
      },
    );
    return () => {
      if (settle()) running.release();
    };
  }

  /** Whether this platform's sockets can stop reading. */
  get pausable(): boolean {
    return typeof this.#ws?.pause === 'function';
  }

  get paused(): boolean {
    return this.#heartbeat !== undefined;
  }

  /** Stops reading, so that the sender has to wait. Pings go on telling it that we live. */
  pause(): void {
    if (this.paused) return;
    clearTimeout(this.#pong);
    this.#ws?.pause?.();
    this.#heartbeat = setInterval(() => this.#ws?.ping?.(), pingEveryMs);
  }

  resume(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    this.#ws?.resume?.();
  }

  async #introduction(): Promise<Record<string, unknown>> {
    try {
      return { ...(await this.#options.credentials.connectionParams()) };
    } catch (error) {
      this.#failure = new CredentialsFailed(error);
      throw error;
    }
  }

  #closed(event: unknown): void {
    clearTimeout(this.#pong);
    this.resume();
    this.#ws = undefined;
    this.reconnection.closed();
    const error = this.#errorOf(event);
    this.#connected = false;
    this.#options.onConnection({ state: 'closed' });
    // Before graphql-ws looks: after a clean close it would ask for the same again by itself.
    const cut = [...this.#running];
    this.#running.clear();
    for (const running of cut) {
      running.release();
      running.lost(error);
    }
  }

  #errorOf(reason: unknown): Error {
    const { endpoint } = this.#options;
    const failure = this.#failure ?? reason;
    this.#failure = undefined;
    if (failure instanceof CredentialsFailed) return failure.error;
    if (!this.#connected && failure instanceof Error) {
      return refusedUpgrade(endpoint, failure) ?? connectionFailed(endpoint, failure);
    }
    return closeError(endpoint, reason, this.#connected);
  }
}

/** What fetches the secret failed; its own words say why. */
class CredentialsFailed {
  readonly error: Error;

  constructor(cause: unknown) {
    this.error = cause instanceof Error ? cause : new Error(String(cause));
  }
}

const isSocket = (value: unknown): value is WebSocketLike =>
  typeof value === 'object' && value !== null && 'readyState' in value && 'close' in value;

/** Node's sockets tell the error in the event, browsers nothing at all. */
const causeOf = (event: unknown): unknown =>
  typeof event === 'object' && event !== null && 'error' in event ? event.error : event;

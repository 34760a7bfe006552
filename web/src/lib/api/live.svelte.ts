import { createClient, type Client, type FormattedExecutionResult, type Sink } from 'graphql-ws';

/** `waiting` is between two attempts, `off` means nobody is signed in. */
export type LiveState = 'off' | 'connecting' | 'live' | 'waiting';

const firstWaitMs = 300;
const longestWaitMs = 10_000;
const pingEveryMs = 10_000;
const pongWithinMs = 5_000;

/** Close codes by which the API says that the session itself is over. */
const sessionOver = new Set([4401, 4403]);

function socketUrl(): string {
  const url = new URL('/graphql', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

export interface LiveOptions {
  /** The second half of the session, read anew at every attempt. */
  proof: () => string | null;
  onSessionOver: () => void;
}

/** The one socket of this tab. It comes back by itself, and the subscriptions on it with it. */
class Live {
  state = $state<LiveState>('off');
  /** Counts the connections made: an effect that reads it runs again after each reconnect. */
  connection = $state(0);
  /** When the connection was lost, ms since 1970; null while it is up or was never made. */
  lostAt = $state<number | null>(null);

  #client: Client | null = null;
  #wake: (() => void) | null = null;
  #pongTimer: ReturnType<typeof setTimeout> | undefined;

  start({ proof, onSessionOver }: LiveOptions): void {
    if (this.#client) return;
    this.state = 'connecting';
    this.#client = createClient({
      url: socketUrl(),
      lazy: false,
      keepAlive: pingEveryMs,
      connectionParams: () => ({ session: proof() }),
      retryAttempts: Infinity,
      shouldRetry: (event) => !(event instanceof CloseEvent && sessionOver.has(event.code)),
      retryWait: (retries) => this.#wait(retries),
      onNonLazyError: () => undefined,
      on: {
        connecting: () => (this.state = 'connecting'),
        connected: () => {
          this.state = 'live';
          this.lostAt = null;
          this.connection++;
        },
        // graphql-ws sends pings but never misses their answer: a dead line would look alive for minutes.
        ping: (received) => {
          if (received) return;
          clearTimeout(this.#pongTimer);
          this.#pongTimer = setTimeout(() => this.#client?.terminate(), pongWithinMs);
        },
        pong: (received) => {
          if (received) clearTimeout(this.#pongTimer);
        },
        closed: (event) => {
          clearTimeout(this.#pongTimer);
          if (this.#client) {
            this.state = 'waiting';
            if (this.connection > 0) this.lostAt ??= Date.now();
          }
          if (event instanceof CloseEvent && sessionOver.has(event.code)) onSessionOver();
        },
      },
    });
  }

  stop(): void {
    const client = this.#client;
    this.#client = null;
    this.state = 'off';
    this.connection = 0;
    this.lostAt = null;
    this.#wake?.();
    void client?.dispose();
  }

  /** Ends the wait between two attempts, or a connection that is up. */
  reconnect(): void {
    if (this.state === 'waiting') this.#wake?.();
    else if (this.state === 'live') this.#client?.terminate();
  }

  subscribe<Data = Record<string, unknown>>(
    payload: { query: string; variables?: Record<string, unknown> },
    sink: Sink<FormattedExecutionResult<Data, unknown>>,
  ): () => void {
    if (!this.#client) {
      sink.complete();
      return () => undefined;
    }
    return this.#client.subscribe<Data>(payload, sink);
  }

  /** Exponential with full jitter, so that a restarted API is not met by every tab at once. */
  #wait(retries: number): Promise<void> {
    this.state = 'waiting';
    const longest = Math.min(longestWaitMs, firstWaitMs * 2 ** retries);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        removeEventListener('online', done);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, Math.random() * longest);
      addEventListener('online', done);
      this.#wake = done;
    });
  }
}

export const live = new Live();

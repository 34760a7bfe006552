/** The part of `fetch` that is used, so that a test or an old browser can bring its own. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchAnswer>;

export interface FetchInit {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  readonly redirect: 'manual';
}

export interface FetchAnswer {
  readonly status: number;
  text(): Promise<string>;
}

/** A WebSocket class as browsers have it; that of the package `ws` serves too. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocketLike;

/** A socket that can stop reading lets a slow reader slow down the sender; browsers have none. */
export interface WebSocketLike {
  readonly readyState: number;
  close(code?: number, reason?: string): void;
  pause?(): void;
  resume?(): void;
  /** Sends a WebSocket ping, so that the other side hears of us while nothing is read. */
  ping?(): void;
}

/** A secret, or what fetches it; asked again for each request and each connection, so it may change. */
export type Secret = string | (() => string | Promise<string>);

/** What the connection for subscriptions does. */
export type ConnectionState =
  | { readonly state: 'connecting' | 'connected' | 'closed' }
  /** Between two attempts. */
  | { readonly state: 'waiting'; readonly delayMs: number; readonly error: Error };

export interface ClientOptions {
  /** Where ServerKit is, as its ready line and PUBLIC_URL say: `https://serverkit.example.com`. */
  readonly url: string;
  /** An API token, `sk_…`. */
  readonly token?: Secret;
  /**
   * The authority that signed ServerKit's certificate, as PEM, where the machine does not know it. Node only; certificates
   * are always checked. `fetchAuthority` gets it by its fingerprint.
   */
  readonly ca?: string;
  /** Sends a token over plain HTTP to another machine, where everyone in between can read it. @default false */
  readonly insecure?: boolean;
  /** @default the platform's, with `ca` when given */
  readonly fetch?: Fetch;
  /** @default the platform's; in Node that of `ws` */
  readonly webSocket?: WebSocketClass;
  /** Further headers of every request. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** Further parameters that a WebSocket introduces itself with: pages of ServerKit itself send `session`. */
  readonly connectionParams?: () => Readonly<Record<string, unknown>>;
  /** How long a request may take, in milliseconds. @default 60_000 */
  readonly timeoutMs?: number;
  /** How a lost connection of subscriptions is made again. */
  readonly reconnect?: ReconnectOptions;
  /** Told whenever a connection for subscriptions comes or goes. */
  readonly onConnection?: (state: ConnectionState) => void;
}

export interface ReconnectOptions {
  /** Attempts in a row before giving up; 0 = never reconnect. @default Infinity */
  readonly attempts?: number;
  /** The longest pause between two attempts, in milliseconds. @default 30_000 */
  readonly maxDelayMs?: number;
}

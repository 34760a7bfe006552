import { credentialsOf } from './credentials.ts';
import { textOf, type Document } from './document.ts';
import { apiError, isRecord, type ServerKitApiError } from './errors.ts';
import { post, type HttpOptions } from './http.ts';
import type { ClientOptions, Fetch, WebSocketClass } from './options.ts';
import { Reconnection } from './reconnection.ts';
import { Socket, type SocketOptions } from './socket.ts';
import { Stream, type StreamEvent, type StreamOptions } from './stream.ts';

/** What Node and browsers do in their own ways. */
export interface Platform {
  /** @param ca - PEM of the authority to trust; the system's when absent */
  fetch(ca: string | undefined): Fetch;
  webSocket(ca: string | undefined): WebSocketClass;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

/** An answer that may lack something: `errors` say what and why. */
export interface Answer<Result> {
  /** Null when there is nothing at all. */
  readonly data: Result | null;
  readonly errors: readonly ServerKitApiError[];
}

/** Variables may be left out where the operation needs none. */
type Given<Variables, Rest> =
  Record<string, never> extends Variables
    ? [variables?: Variables, options?: Rest]
    : [variables: Variables, options?: Rest];

/** For subscriptions: asked anew whenever it begins anew, to go on where it stopped. */
type Renewed<Variables> = Variables | (() => Variables);

type GivenAnew<Variables, Rest> =
  Record<string, never> extends Variables
    ? [variables?: Renewed<Variables>, options?: Rest]
    : [variables: Renewed<Variables>, options?: Rest];

/** One control plane: operations over HTTP, subscriptions over a WebSocket that is there while one is read. */
export class Client {
  readonly #http: HttpOptions;
  readonly #socketOptions: SocketOptions;
  readonly #closed = new AbortController();
  #shared: Socket | undefined;

  /** Use `createClient`, which knows the platform. */
  constructor(options: ClientOptions, platform: Platform) {
    const { ca, timeoutMs = 60_000, reconnect = {}, onConnection = () => {} } = options;
    const endpoint = endpointOf(options);
    const credentials = credentialsOf(options);
    this.#http = { endpoint, credentials, timeoutMs, fetch: options.fetch ?? platform.fetch(ca) };
    this.#socketOptions = {
      endpoint,
      credentials,
      webSocket: options.webSocket ?? platform.webSocket(ca),
      reconnection: new Reconnection(reconnect, onConnection),
      onConnection,
    };
  }

  /**
   * Sends a query or mutation.
   *
   * @throws ServerKitApiError when the answer holds any error; what it holds besides is the error's `data`
   * @throws ServerKitConnectionError when no answer came
   */
  async request<Result, Variables>(
    document: Document<Result, Variables>,
    ...[variables, options]: Given<Variables, RequestOptions>
  ): Promise<Result> {
    const { data, errors } = await this.#post<Result>(textOf(document), variables, options);
    if (errors.length > 0 || data === null) throw errors[0] ?? apiError([]);
    return data;
  }

  /**
   * The same for answers that may be incomplete, as those about servers that are offline.
   *
   * @throws ServerKitConnectionError when no answer came
   */
  execute<Result, Variables>(
    document: Document<Result, Variables>,
    ...[variables, options]: Given<Variables, RequestOptions>
  ): Promise<Answer<Result>> {
    return this.#post<Result>(textOf(document), variables, options);
  }

  /**
   * Subscribes, beginning with the first read. A lost connection is made again; give `variables` as a function to go on
   * where it stopped. `break`, `return` and the signal end it.
   *
   * @throws ServerKitApiError from the iteration, when the API ends it with an error
   * @throws ServerKitConnectionError from the iteration, when there is no connection, or none can be made again
   */
  subscribe<Result, Variables>(
    document: Document<Result, Variables>,
    ...[variables, options]: GivenAnew<Variables, StreamOptions<Result>>
  ): AsyncIterableIterator<Result, undefined> {
    const events = this.#stream<Result>(textOf(document), variables, options);
    return {
      async next() {
        const { done, value } = await events.next();
        return done ? { done, value: undefined } : { done: false, value: value.data };
      },
      async return() {
        await events.return();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** The same, telling of each event whether something may be missing before it. */
  stream<Result, Variables>(
    document: Document<Result, Variables>,
    ...[variables, options]: GivenAnew<Variables, StreamOptions<Result>>
  ): AsyncIterableIterator<StreamEvent<Result>, undefined> {
    return this.#stream<Result>(textOf(document), variables, options);
  }

  /** Ends every request and subscription; they throw an AbortError. */
  close(): void {
    this.#closed.abort();
  }

  async #post<Result>(
    query: string,
    variables: unknown,
    { signal }: RequestOptions = {},
  ): Promise<Answer<Result>> {
    const payload = { query, variables: recordOf(variables) };
    const { data, errors } = await post<Result>(this.#http, payload, either(signal, this.#closed.signal));
    return { data, errors: errors.length > 0 ? apiError(errors, data).errors : [] };
  }

  #stream<Result>(query: string, variables: unknown, options: StreamOptions<Result> = {}): Stream<Result> {
    const { backlog } = options;
    const apart = backlog !== undefined && 'overflow' in backlog && backlog.overflow === 'wait';
    const socket = apart
      ? new Socket(this.#socketOptions)
      : (this.#shared ??= new Socket(this.#socketOptions));
    return new Stream<Result>({
      ...options,
      socket,
      signal: either(options.signal, this.#closed.signal),
      payload: () => ({ query, variables: recordOf(isFunction(variables) ? variables() : variables) }),
    });
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** @throws TypeError for an address that cannot be one, or one that would show the token to everyone in between */
function endpointOf({ url, token, insecure = false }: ClientOptions): URL {
  const endpoint = new URL('/graphql', url);
  if (endpoint.protocol !== 'https:' && endpoint.protocol !== 'http:') {
    throw new TypeError(`${url} is not an address of ServerKit; it looks like https://serverkit.example.com`);
  }
  const open = endpoint.protocol === 'http:' && !loopback.test(endpoint.hostname);
  if (open && token !== undefined && !insecure) {
    throw new TypeError(
      `A token would go to ${endpoint.host} in the clear. Use https, or set insecure if nobody can listen.`,
    );
  }
  return endpoint;
}

const loopback = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const isFunction = (value: unknown): value is () => unknown => typeof value === 'function';

function either(signal: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return signal ? AbortSignal.any([signal, other]) : other;
}

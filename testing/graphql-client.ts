import { createClient } from 'graphql-ws';
import type { GraphQLFormattedError } from 'graphql';
import { WebSocket } from 'ws';
import { Arrivals } from './arrivals.ts';
import { nextItem } from './events.ts';
import { http } from './http.ts';
import type { HttpAnswer } from './http.ts';

type Variables = Record<string, unknown>;
/** What GraphQL answers. */
export interface Answer<Data> {
  readonly data?: Data | null | undefined;
  readonly errors?: readonly GraphQLFormattedError[] | undefined;
}

/** The published schema says what comes back: a test that names another type fails where it reads it. */
export const parseAnswer: <Data>(text: string) => Answer<Data> = JSON.parse;

/** The code of an answer's first error; undefined when there is none. */
export function codeOf({ errors }: Answer<unknown>): unknown {
  return errors?.[0]?.extensions?.['code'];
}

/** Errors in an answer, with the first one's code and path for a test to look at. */
export class GraphQLFailure extends Error {
  readonly code: unknown;
  readonly path: readonly (string | number)[] | undefined;
  readonly answer: Answer<unknown>;

  constructor(answer: Answer<unknown>) {
    super(
      answer.errors?.map(({ message, extensions }) => `${message} ${JSON.stringify(extensions)}`).join('; '),
    );
    this.name = 'GraphQLFailure';
    this.code = answer.errors?.[0]?.extensions?.['code'];
    this.path = answer.errors?.[0]?.path;
    this.answer = answer;
  }
}

/** Both halves of a browser session. */
export interface SessionSecrets {
  /** As sent in the Cookie header: `name=value`. */
  readonly cookie: string;
  /** Sent as X-ServerKit-Session and as connectionParams.session. */
  readonly proof: string;
}

/** A running subscription; it is ended on dispose. */
export interface TestSubscription<Data> extends AsyncDisposable {
  /** The next event that `accept` takes; throws {@link GraphQLFailure} on an error event. */
  next(accept?: (data: Data) => boolean, what?: string, limit?: number): Promise<Data>;
  /** Settles when the subscription ends: with the failure that ended it, or undefined. */
  readonly ended: Promise<Error | undefined>;
}

export interface ClientOptions {
  readonly session?: Partial<SessionSecrets>;
  /** An API token: a bearer over HTTP, connectionParams.token on a WebSocket. */
  readonly token?: string;
  /** Replaces the Origin header, which is the API's own by default; null leaves it out. */
  readonly origin?: string | null;
  /** PEM of the authority to trust. */
  readonly ca?: string;
  /** Further headers of every request and of the WebSocket's upgrade. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A GraphQL client that speaks as the dashboard does, over HTTP and graphql-ws, without its code. */
export interface TestClient {
  readonly session: Partial<SessionSecrets>;
  /** The data of an operation; throws {@link GraphQLFailure} when the answer holds errors. */
  query<Data>(document: string, variables?: Variables): Promise<Data>;
  /** The whole answer, errors and all. */
  answer<Data>(document: string, variables?: Variables): Promise<Answer<Data>>;
  /** The bare HTTP answer to a body of the test's own making. */
  post(body: string, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  subscribe<Data>(document: string, variables?: Variables): TestSubscription<Data>;
  /** The same client with other credentials or headers. */
  with(options: ClientOptions): TestClient;
}

export function graphqlClient(url: string, options: ClientOptions = {}): TestClient {
  const endpoint = new URL('/graphql', url);
  const { session = {}, token, origin = endpoint.origin, ca } = options;
  const headers = {
    ...(origin === null ? {} : { origin }),
    ...(session.cookie === undefined ? {} : { cookie: session.cookie }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...options.headers,
  };
  const params = {
    ...(session.proof === undefined ? {} : { session: session.proof }),
    ...(token === undefined ? {} : { token }),
  };
  const proof = session.proof === undefined ? {} : { 'x-serverkit-session': session.proof };
  const trust = ca === undefined ? {} : { ca };

  const post: TestClient['post'] = (body, extra = {}) =>
    http(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
        ...headers,
        ...proof,
        ...extra,
      },
      body,
      ...trust,
    });

  const answer: TestClient['answer'] = async <Data>(query: string, variables: Variables = {}) => {
    const { status, body } = await post(JSON.stringify({ query, variables }));
    try {
      return parseAnswer<Data>(body);
    } catch (error) {
      throw new Error(`HTTP ${status}, and not JSON: ${body.slice(0, 500)}`, { cause: error });
    }
  };

  /** Carries what a browser would send with the upgrade. */
  class UpgradingSocket extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols, { headers, ...trust });
    }
  }

  return {
    session,
    answer,
    post,
    async query<Data>(document: string, variables?: Variables) {
      const result = await answer<Data>(document, variables);
      if (result.errors || result.data == null) throw new GraphQLFailure(result);
      return result.data;
    },
    subscribe<Data>(query: string, variables: Variables = {}): TestSubscription<Data> {
      const socket = createClient({
        url: endpoint.href.replace(/^http/, 'ws'),
        webSocketImpl: UpgradingSocket,
        retryAttempts: 0,
        connectionParams: params,
      });
      const arrivals = new Arrivals<Data>();
      socket.subscribe<Data>(
        { query, variables },
        {
          next(result) {
            if (result.errors || result.data == null) arrivals.end(new GraphQLFailure(result));
            else arrivals.push(result.data);
          },
          error: (reason) => arrivals.end(asFailure(reason)),
          complete: () => arrivals.end(),
        },
      );
      return {
        ended: arrivals.ended,
        next: (accept, what = 'the next event', limit) => nextItem(arrivals, accept, what, limit),
        async [Symbol.asyncDispose]() {
          await socket.dispose();
        },
      };
    },
    with: (changes) => graphqlClient(url, { ...options, ...changes }),
  };
}

/** What graphql-ws calls an error: a list of GraphQL errors, an error, or a close event with its code. */
function asFailure(reason: unknown): Error {
  if (Array.isArray(reason)) return new GraphQLFailure({ errors: reason });
  if (reason instanceof Error) return reason;
  return new Error('the socket was closed', { cause: reason });
}

import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import type { Listener } from './listener.ts';

/** Where an in-memory connection claims to come from and to arrive at. */
export interface Ends {
  /** @default '127.0.0.1' */
  readonly remoteAddress?: string;
  /** @default '127.0.0.1' */
  readonly localAddress?: string;
}

/** A connection to a listener that involves no network; also what `ws` takes as `createConnection`. */
export function connectTo(listener: Listener, ends: Ends = {}): Duplex {
  const [client, server] = duplexPair();
  // The two halves end each other in good order, but not when one is destroyed, as a network's would.
  client.once('close', () => server.destroy());
  server.once('close', () => setImmediate(() => client.destroy()));
  listener.serve(Object.assign(server, { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1', ...ends }));
  return client;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends one request through the real HTTP server and handlers, without a port. `Host` is localhost unless set. */
export async function requestFrom(
  listener: Listener,
  path: string,
  init: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly ends?: Ends;
  } = {},
): Promise<Answer> {
  const agent = new Agent();
  agent.createConnection = () => connectTo(listener, init.ends);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = httpRequest(
    { agent, path, method: init.method ?? 'GET', headers: { host: 'localhost', ...init.headers } },
    (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', () => {});
      response.on('close', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    },
  );
  request.on('error', reject);
  request.end(init.body);
  return promise;
}

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { WebSocketServer, type WebSocket } from 'ws';
import { Arrivals } from '../../testing/arrivals.ts';
import { nextItem } from '../../testing/events.ts';
import type { Payload } from './answer.ts';

/** A request as it came, for a test to answer. */
interface Request {
  readonly payload: Payload;
  readonly headers: IncomingHttpHeaders;
}

/** What an HTTP request is answered with: an answer of GraphQL, or a status and anything. */
type Reply =
  { readonly data?: unknown; readonly errors?: unknown } | { readonly status: number; readonly body: string };

/** A subscription that a client began. */
interface Operation {
  readonly payload: Payload;
  readonly socket: Connection;
  next(answer: unknown): void;
  error(errors: unknown): void;
  complete(): void;
  /** Settles when the client ends it. */
  readonly left: Promise<void>;
}

interface Connection {
  readonly params: unknown;
  readonly ws: WebSocket;
}

/** A stand-in for the API that does what a test says, on a port of its own. */
export interface TestApi extends AsyncDisposable {
  readonly url: string;
  /** Answers HTTP requests. */
  reply: (request: Request) => Reply | Promise<Reply>;
  /** How a connection is taken: the close code to refuse it with, or undefined. */
  welcome: (params: unknown) => number | undefined;
  /** The next subscription that a client begins. */
  subscription(): Promise<Operation>;
  /** Connections at the moment. */
  readonly connections: ReadonlySet<Connection>;
  /** How many connections there have been. */
  readonly connected: number;
}

interface Message {
  readonly id: string;
  readonly type: string;
  readonly payload: unknown;
}

const parse: (text: string) => Message = JSON.parse;
const parsePayload: (text: string) => Payload = JSON.parse;

export async function testApi(): Promise<TestApi> {
  const begun = new Arrivals<Operation>();
  const connections = new Set<Connection>();
  let connected = 0;

  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const reply = await api.reply({ payload: parsePayload(body), headers: request.headers });
      const raw = 'status' in reply ? reply : { status: 200, body: JSON.stringify(reply) };
      response.writeHead(raw.status, { 'content-type': 'application/json' }).end(raw.body);
    });
  });
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'graphql-transport-ws' });
  sockets.on('connection', (ws) => {
    connected += 1;
    const left = new Map<string, () => void>();
    let connection: Connection | undefined;
    const send = (message: object): void => ws.send(JSON.stringify(message));
    ws.on('message', (data: Buffer) => {
      const { id, type, payload } = parse(data.toString());
      if (type === 'connection_init') {
        const code = api.welcome(payload);
        if (code !== undefined) return ws.close(code, 'as the test says');
        connection = { params: payload, ws };
        connections.add(connection);
        send({ type: 'connection_ack' });
      } else if (type === 'ping') send({ type: 'pong' });
      else if (type === 'complete') left.get(id)?.();
      else if (type === 'subscribe' && connection) {
        const { promise, resolve } = Promise.withResolvers<void>();
        left.set(id, resolve);
        begun.push({
          payload: parsePayload(JSON.stringify(payload)),
          socket: connection,
          next: (answer) => send({ id, type: 'next', payload: answer }),
          error: (errors) => send({ id, type: 'error', payload: errors }),
          complete: () => send({ id, type: 'complete' }),
          left: promise,
        });
      }
      return undefined;
    });
    ws.on('close', () => {
      if (connection) connections.delete(connection);
      for (const leave of left.values()) leave();
    });
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const api: TestApi = {
    url: `http://127.0.0.1:${port}`,
    reply: () => ({ data: null }),
    welcome: () => undefined,
    subscription: () => nextItem(begun, undefined, 'a subscription'),
    connections,
    get connected() {
      return connected;
    },
    async [Symbol.asyncDispose]() {
      for (const ws of sockets.clients) ws.terminate();
      sockets.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return api;
}

import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Arrivals } from '../../../testing/arrivals.ts';
import { nextItem } from '../../../testing/events.ts';
import type { TestClient } from '../../../testing/graphql-client.ts';

export interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A socket a test writes to by hand, frame by frame. */
export interface RawSocket extends Disposable {
  readonly ws: WebSocket;
  send(message: unknown): void;
  /** The next message that `accept` takes. */
  next(accept?: (message: Message) => boolean, what?: string): Promise<Message>;
  /** Close code and reason. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export interface RawSocketOptions {
  /** Cookie and, unless `init` is false, proof. */
  readonly client?: TestClient;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether to introduce oneself and wait for the acknowledgement. @default true */
  readonly init?: boolean;
  readonly protocol?: string;
  /** Whether to answer pings. @default true */
  readonly autoPong?: boolean;
}

const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && 'type' in value;

export async function rawSocket(url: string, options: RawSocketOptions = {}): Promise<RawSocket> {
  const { client, headers = {}, init = true, protocol = 'graphql-transport-ws', autoPong = true } = options;
  const { cookie, proof } = client?.session ?? {};
  const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, protocol, {
    headers: { origin: url, ...(cookie !== undefined && { cookie }), ...headers },
    perMessageDeflate: false,
    autoPong,
  });
  const messages = new Arrivals<Message>();
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  ws.on('message', (data: Buffer) => {
    const message: unknown = JSON.parse(data.toString('utf8'));
    if (isMessage(message)) messages.push(message);
  });
  ws.on('close', (code, reason) => {
    closed.resolve({ code, reason: reason.toString() });
    messages.end(new Error(`closed with ${code} ${reason.toString()}`));
  });
  await once(ws, 'open');
  const socket: RawSocket = {
    ws,
    send: (message) =>
      ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
    next: (accept, what) => nextItem(messages, accept, what),
    closed: closed.promise,
    [Symbol.dispose]: () => ws.terminate(),
  };
  if (init) {
    socket.send({ type: 'connection_init', ...(proof !== undefined && { payload: { session: proof } }) });
    await socket.next(({ type }) => type === 'connection_ack', 'the acknowledgement');
  }
  return socket;
}

export function subscribeMessage(id: string, query: string, variables: Record<string, unknown> = {}) {
  return { type: 'subscribe', id, payload: { query, variables } };
}

/** What lies at a path inside a message; undefined when there is nothing. */
export function dig(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, step);
  }
  return found;
}

/** Everything a source holds, to its end. */
export async function collect<Value>(source: AsyncIterable<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of source) values.push(value);
  return values;
}

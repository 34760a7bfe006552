import { request, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { pipeline, Readable } from 'node:stream';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** What a request carries. */
export interface Carried {
  readonly query?: Query;
  /** A value goes as JSON, a stream as it comes. */
  readonly body?: unknown;
  /** Of a stream. @default application/x-tar */
  readonly contentType?: string;
  /** Beside those the body takes. Credentials go here and nowhere else. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Exchange extends Carried {
  /** Path of the unix socket or named pipe. */
  readonly socket: string;
  readonly method: string;
  readonly path: string;
}

/** Sends a request; what comes of it is told by the events of what it returns. */
export function begin({
  socket,
  method,
  path,
  query = {},
  body,
  contentType,
  headers,
}: Exchange): ClientRequest {
  const stream = body instanceof Readable ? body : undefined;
  const json = body === undefined || stream ? undefined : JSON.stringify(body);
  const all: OutgoingHttpHeaders = { ...headers, host: 'docker' };
  if (stream) all['content-type'] = contentType ?? 'application/x-tar';
  if (json !== undefined) {
    all['content-type'] = 'application/json';
    all['content-length'] = Buffer.byteLength(json);
  }
  const call = request({
    socketPath: socket,
    method,
    path: withQuery(path, query),
    agent: false,
    headers: all,
  });
  if (stream) {
    // An upload that breaks ends the request, and a request that breaks ends the upload; its own events tell why.
    pipeline(stream, call, () => undefined);
  } else call.end(json);
  return call;
}

/**
 * Collects the body of a reply as text.
 *
 * @param limit - of its length in bytes
 * @throws Error when it is longer, or the connection breaks
 */
export async function textOf(reply: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new Error('its answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : `${key}=${encodeURIComponent(String(value))}`,
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

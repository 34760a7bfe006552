import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OriginVerdict } from './host-policy.ts';

/**
 * How a request reached us.
 *
 * - `main`: the port used as intended: TLS, or plain HTTP on loopback or behind the trusted proxy
 * - `plaintext`: plain HTTP on a port that speaks TLS, or around the trusted proxy
 * - `local`: the private socket beside the data directory, for the agent on this machine
 */
export type Channel = 'main' | 'plaintext' | 'local';

/** What is known about a request before anyone looks at its content. */
export interface RequestFacts {
  readonly channel: Channel;
  /** The client's IP address once trusted proxies are taken away; `local` on the private socket. */
  readonly address: string;
  /** Whether the client's own hop is encrypted; decides `Secure` cookies and HSTS. */
  readonly secure: boolean;
  /** The `Host` header in lower case, port included; empty when there was none. */
  readonly host: string;
  readonly origin: string | undefined;
  /** What `origin` means: none sent (a program), one of our own pages, one that is listed, or a page of someone else. */
  readonly originVerdict: OriginVerdict;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly facts: RequestFacts;
  /** Decoded path without the query, always starting with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** A body over the limit, or one that ended early. Answered with `status`. */
export class BodyError extends Error {
  readonly status: 400 | 413;
  constructor(status: 400 | 413, message: string) {
    super(message);
    this.name = 'BodyError';
    this.status = status;
  }
}

/**
 * Reads a request body into memory.
 * @param limit - bytes
 * @throws BodyError 413 over the limit, 400 when the client went away
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () => new BodyError(413, `The request body is larger than ${limit} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      const bytes: unknown = chunk;
      if (!Buffer.isBuffer(bytes)) continue;
      size += bytes.length;
      if (size > limit) throw tooLarge();
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw new BodyError(400, 'The request body ended early.');
  }
  return Buffer.concat(chunks, size);
}

/** Answers with one sentence of plain text. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, 'text/plain; charset=utf-8', `${text}\n`);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(value));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

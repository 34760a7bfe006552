import { request as requestPlain } from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { request as requestTls } from 'node:https';
import type { LookupFunction } from 'node:net';
import { text } from 'node:stream/consumers';

/** An answer with its whole body. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpRequest {
  readonly method?: string;
  /** Sent as they are: unlike fetch, this may name a foreign Host, Origin or Cookie. */
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  /** PEM of the authority to trust. Certificates are always checked. */
  readonly ca?: string;
  readonly signal?: AbortSignal;
  /** Where a name leads, instead of asking the system. */
  readonly lookup?: LookupFunction;
}

/** One request on a connection of its own, so that no test leaves sockets to the next. */
export async function http(
  url: string | URL,
  { method, headers = {}, body, ca, signal, lookup }: HttpRequest = {},
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const target = new URL(url);
  const send = target.protocol === 'https:' ? requestTls : requestPlain;
  const options = {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    agent: false,
    ...(ca === undefined ? {} : { ca }),
    ...(signal === undefined ? {} : { signal }),
    ...(lookup === undefined ? {} : { lookup }),
  };
  send(target, options, (response) => {
    text(response).then(
      (content) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: content }),
      reject,
    );
  })
    .once('error', reject)
    .end(body);
  return promise;
}

import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Fetch, FetchAnswer, FetchInit } from '../options.ts';

/** How long a connection is kept for the next request, in milliseconds. It does not keep the process. */
const keepAliveMs = 10_000;

/** Node's own fetch; with an authority of choice, which that cannot be told, the same over `node:https`. */
export function fetchWith(ca: string | undefined): Fetch {
  if (ca === undefined) return (url, init) => fetch(url, init);
  const agent = new Agent({ keepAlive: true, timeout: keepAliveMs, ca });
  return (url, init) => send(agent, url, init);
}

function send(agent: Agent, url: string, { method, headers, body, signal }: FetchInit): Promise<FetchAnswer> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const sent = request(url, { agent, method, signal, headers: { ...headers, 'content-length': length } });
    sent.once('error', reject);
    sent.once('response', (response) => {
      resolve({ status: response.statusCode ?? 0, text: () => text(response) });
    });
    sent.end(body);
  });
}

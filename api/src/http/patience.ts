import type { IncomingMessage, ServerResponse } from 'node:http';

const limits = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Cuts a request off whose body is not there after a while. Node's own limit for that is the same for every request of a
 * server, and a file that somebody sends takes as long as it takes.
 *
 * @param ms - for the whole body
 */
export function limitBody(request: IncomingMessage, response: ServerResponse, ms: number): void {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return;
  const timer = setTimeout(() => {
    if (request.complete) return;
    if (!response.headersSent) response.writeHead(408, { connection: 'close' }).end(() => request.destroy());
    else request.destroy();
  }, ms);
  limits.set(request, timer);
  request.once('end', () => clearTimeout(timer));
  request.once('close', () => clearTimeout(timer));
}

/** For one whose handler sees to it that it goes on. */
export function unlimitBody(request: IncomingMessage): void {
  clearTimeout(limits.get(request));
  limits.delete(request);
}

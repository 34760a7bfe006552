import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Environment } from '../env.ts';
import { BodyError, sendText, type Channel, type Exchange, type RequestFacts } from './exchange.ts';
import { factsOf } from './facts.ts';
import type { HostPolicy } from './host-policy.ts';
import type { RouteTable } from './router.ts';
import { setSecurityHeaders } from './security-headers.ts';

export interface DispatchOptions {
  readonly env: Pick<Environment, 'trustProxy' | 'publicUrl'>;
  readonly routes: RouteTable;
  readonly policy: HostPolicy;
  readonly log: Logger;
  /** The https base URL to send someone to who asked in the clear, when they named no host of ours. */
  readonly publicUrl: () => string;
}

const wrongHost =
  'This is ServerKit, but not under that name. If the name is right, set PUBLIC_URL to it and start ServerKit again.';

/** Takes a request from the socket to the route that serves it, or says why there is none. */
export class Dispatcher {
  readonly #options: DispatchOptions;

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  async request(request: IncomingMessage, response: ServerResponse, channel: Channel): Promise<void> {
    const { env, policy, log } = this.#options;
    const facts = factsOf(request, { channel, encrypted: isEncrypted(request) }, env, policy);
    setSecurityHeaders(response, facts);
    try {
      await this.#route(request, response, facts);
    } catch (error) {
      if (!(error instanceof BodyError)) log.error({ err: error, path: request.url }, 'a request failed');
      if (response.headersSent) {
        response.destroy();
        return;
      }
      // What is left of the body is not read, so the connection cannot serve another request.
      response.setHeader('connection', 'close');
      if (error instanceof BodyError) sendText(response, error.status, error.message);
      else sendText(response, 500, 'Something went wrong here; the log of ServerKit has the details.');
    }
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, channel: Channel): void {
    const { env, policy, routes, log } = this.#options;
    const facts = factsOf(request, { channel, encrypted: isEncrypted(request) }, env, policy);
    const target = parseTarget(request.url);
    if (!target) return refuseUpgrade(socket, 400, 'The address of the request is malformed.');
    if (namesTwoHosts(request)) return refuseUpgrade(socket, 400, twoHosts);
    const match = routes.findUpgrade(target.path, facts.channel);
    if (match.kind !== 'found') {
      return facts.channel === 'plaintext' && match.kind === 'elsewhere'
        ? refuseUpgrade(socket, 426, 'This port speaks TLS; connect with wss:// instead of ws://.')
        : refuseUpgrade(socket, 404, 'Nothing speaks WebSocket here.');
    }
    if (!this.#hostAllowed(request, facts, match.route.anyHost)) return refuseUpgrade(socket, 421, wrongHost);
    try {
      match.route.handle(request, socket, head, facts);
    } catch (error) {
      log.error({ err: error, path: target.path }, 'an upgrade failed');
      socket.destroy();
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, facts: RequestFacts): Promise<void> {
    const target = parseTarget(request.url);
    if (!target) return sendText(response, 400, 'The address of the request is malformed.');
    if (namesTwoHosts(request)) return sendText(response, 400, twoHosts);
    const match = this.#options.routes.findHttp(target.path, request.method ?? '', facts.channel);
    if (match.kind === 'elsewhere' && facts.channel === 'plaintext')
      return this.#toTls(request, response, facts);
    if (match.kind === 'none' || match.kind === 'elsewhere')
      return sendText(response, 404, 'There is nothing here.');
    if (match.kind === 'method') {
      response.setHeader('allow', match.allowed.join(', '));
      return sendText(response, 405, `This address answers ${match.allowed.join(', ')} only.`);
    }
    if (!this.#hostAllowed(request, facts, match.route.anyHost)) return sendText(response, 421, wrongHost);
    const exchange: Exchange = { request, response, facts, ...target };
    await match.route.handle(exchange);
  }

  #hostAllowed(request: IncomingMessage, facts: RequestFacts, anyHost = false): boolean {
    return (
      anyHost ||
      facts.channel === 'local' ||
      this.#options.policy.allows(facts.host, request.socket.localAddress)
    );
  }

  /** RFC 9110 §15.4.9: 308 keeps the method, so that a client that follows it does what it meant to. */
  #toTls(request: IncomingMessage, response: ServerResponse, facts: RequestFacts): void {
    const known = this.#options.policy.allows(facts.host, request.socket.localAddress);
    const base =
      known && this.#options.env.trustProxy.kind === 'none'
        ? `https://${facts.host}`
        : this.#options.publicUrl();
    if (!base.startsWith('https:')) return sendText(response, 403, 'Reach ServerKit through its proxy.');
    response.setHeader('location', base + (request.url?.startsWith('/') ? request.url : '/'));
    response.setHeader('connection', 'close');
    sendText(response, 308, 'This port speaks TLS; use https://.');
  }
}

const twoHosts = 'The request names more than one host.';

/** RFC 9112 §3.2: refused, as a proxy in front may have judged the other one. Node would take the first. */
function namesTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length > 1;
}

function isEncrypted(request: IncomingMessage): boolean {
  return 'encrypted' in request.socket && request.socket.encrypted === true;
}

/** The request target in origin form (RFC 9112 §3.2.1); other forms are for proxies, which we are not. */
function parseTarget(target: string | undefined): Pick<Exchange, 'path' | 'query'> | undefined {
  if (!target?.startsWith('/')) return undefined;
  const mark = target.indexOf('?');
  const raw = mark === -1 ? target : target.slice(0, mark);
  try {
    return {
      path: decodeURIComponent(raw),
      query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
    };
  } catch {
    return undefined;
  }
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  421: 'Misdirected Request',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** Answers an upgrade with a plain HTTP refusal and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: number, sentence: string): void {
  socket.on('error', () => {});
  socket.end(
    [
      `HTTP/1.1 ${status} ${reasons[status] ?? 'Refused'}`,
      'Connection: close',
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(sentence) + 1}`,
      '',
      `${sentence}\n`,
    ].join('\r\n'),
  );
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Logger } from 'pino';
import type { Environment } from '../env.ts';
import { errorCode, errorText, StartupError } from '../startup-error.ts';
import type { Channel } from './exchange.ts';
import { limitBody } from './patience.ts';
import type { TlsMaterial } from './tls.ts';

/** A client gets this long (ms) to send its first byte, as long again for its handshake, and again for its headers. */
const defaultPatience = 10_000;
/** And this long (ms) for a body, unless whoever takes it gives it more. */
const defaultBodyPatience = 60_000;
const idlePatience = 30_000;
const headerBytes = 16 * 1024;
const headerCount = 100;
/** First byte of a TLS record that carries a handshake (RFC 8446 §5.1). */
const handshakeRecord = 0x16;

export interface Handlers {
  request(request: IncomingMessage, response: ServerResponse, channel: Channel): void | Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, channel: Channel): void;
}

/**
 * One HTTP server, fed by a port, a private socket, or a test. With TLS, the first byte of each connection tells TLS
 * from plain HTTP, and both are served on the same port, the latter as the `plaintext` channel.
 */
export class Listener {
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  /** Sockets that an upgrade took over, which the HTTP server no longer counts as its own. */
  readonly #upgraded = new Set<Duplex>();
  readonly #log: Logger;
  readonly #inFlight = new Set<ServerResponse>();
  #finishing = false;
  #quiet: () => void = () => {};

  constructor(options: {
    readonly handlers: Handlers;
    readonly channel: 'main' | 'local';
    readonly tls?:
      { readonly material: TlsMaterial; readonly minVersion: Environment['tlsMinVersion'] } | undefined;
    readonly log: Logger;
    /** ms for each step until the headers are in; slower clients are cut off. @default 10,000 */
    readonly patience?: number;
    /** ms for a body; see limitBody. @default 60,000 */
    readonly bodyPatience?: number;
  }) {
    const { handlers, tls, log, patience = defaultPatience, bodyPatience = defaultBodyPatience } = options;
    this.#log = log;
    const channelOf = (request: IncomingMessage): Channel =>
      tls && !('encrypted' in request.socket) ? 'plaintext' : options.channel;
    this.#server = createServer(
      {
        maxHeaderSize: headerBytes,
        headersTimeout: patience,
        // One for all would end every file that takes longer to send.
        requestTimeout: 0,
        keepAliveTimeout: idlePatience,
        connectionsCheckingInterval: patience / 5,
        // RFC 9110 §7.8: an offer of another protocol (curl's h2c) may be ignored and the request served as it is.
        shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket',
      },
      (request, response) => {
        this.#track(response);
        limitBody(request, response, bodyPatience);
        void handlers.request(request, response, channelOf(request));
      },
    );
    this.#server.maxHeadersCount = headerCount;
    this.#server.on('upgrade', (request, socket, head) => {
      this.#upgraded.add(socket);
      socket.once('close', () => this.#upgraded.delete(socket));
      handlers.upgrade(request, socket, head, channelOf(request));
    });
    if (tls) {
      this.#tls = createTlsServer({
        ...tls.material,
        minVersion: tls.minVersion,
        ALPNProtocols: ['http/1.1'],
        handshakeTimeout: patience,
      });
      const [accept] = this.#server.listeners('connection');
      this.#tls.on('secureConnection', (socket) => {
        accept?.call(this.#server, socket);
      });
      this.#tls.on('tlsClientError', (error, socket) => {
        log.debug({ reason: errorText(error), address: socket.remoteAddress }, 'a TLS handshake failed');
        socket.destroy();
      });
      this.#server.removeAllListeners('connection');
      this.#server.on('connection', (socket: Duplex) =>
        sniff(socket, patience, (encrypted) => {
          if (encrypted) this.#tls?.emit('connection', socket);
          else accept?.call(this.#server, socket);
        }),
      );
    }
  }

  /**
   * @param place - a port and address, or the path of a socket, which only we may open
   * @throws StartupError when the place is taken or not allowed
   */
  async listen(
    place: { readonly port: number; readonly host: string } | { readonly path: string },
  ): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    // A killed ServerKit leaves its socket behind; that nobody else uses it, the lock on the data directory says.
    if ('path' in place) rmSync(place.path, { force: true });
    // bind(2) makes the socket with the mode that umask leaves, before anyone could connect.
    const umask = 'path' in place ? process.umask(0o177) : undefined;
    try {
      this.#server.listen({ ...place, backlog: 1024 }, resolve);
    } finally {
      if (umask !== undefined) process.umask(umask);
    }
    await promise.catch((error: unknown) => {
      throw new StartupError(complaint(place, error), { cause: error });
    });
    this.#server.off('error', reject);
    this.#server.on('error', (error) => this.#log.error({ err: error }, 'the listener failed'));
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Serves one connection that did not come from the network: how tests drive the very same server. */
  serve(connection: Duplex): void {
    this.#server.emit('connection', connection);
  }

  setCertificate(material: TlsMaterial): void {
    this.#tls?.setSecureContext(material);
  }

  /** Takes no new connection and resolves when every request in flight was answered, or the signal aborts. */
  async finish(signal: AbortSignal): Promise<void> {
    this.#finishing = true;
    if (this.#server.listening) this.#server.close();
    this.#server.closeIdleConnections();
    for (const response of this.#inFlight) {
      if (!response.headersSent) response.setHeader('connection', 'close');
    }
    if (this.#inFlight.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#quiet = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Cuts whatever is still open. */
  destroy(): void {
    this.#server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
  }

  #track(response: ServerResponse): void {
    this.#inFlight.add(response);
    if (this.#finishing) response.setHeader('connection', 'close');
    response.once('close', () => {
      this.#inFlight.delete(response);
      if (this.#finishing && this.#inFlight.size === 0) this.#quiet();
    });
  }
}

/** Looks at the first byte and puts it back. */
function sniff(socket: Duplex, patience: number, serve: (encrypted: boolean) => void): void {
  const timer = setTimeout(() => socket.destroy(), patience);
  const fail = () => socket.destroy();
  socket.once('error', fail);
  socket.once('close', () => clearTimeout(timer));
  socket.once('data', (chunk: Buffer) => {
    clearTimeout(timer);
    socket.off('error', fail);
    socket.pause();
    socket.unshift(chunk);
    serve(chunk[0] === handshakeRecord);
    process.nextTick(() => socket.resume());
  });
}

function complaint(
  place: { readonly port: number; readonly host: string } | { readonly path: string },
  error: unknown,
) {
  if ('path' in place)
    return `The socket ${place.path} cannot be opened (${errorCode(error) ?? errorText(error)}).`;
  const { port, host } = place;
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use by another program; stop it or set PORT to another number.`;
    case 'EACCES':
      return `Port ${port} may be opened by root only; set PORT to 1024 or higher.`;
    case 'EADDRNOTAVAIL':
      return `HOST ${host} is not an address of this machine.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST ${host} is not a known host name.`;
    default:
      return `Port ${port} on ${host} cannot be opened (${errorText(error)}).`;
  }
}

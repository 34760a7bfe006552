import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { PersonPrincipal, RequestContext } from '../context.ts';
import { isServerKitError } from '../errors.ts';
import type { Admission } from '../graphql/admission.ts';
import { tokenIn, type Authentication, type Claim } from '../graphql/authentication.ts';
import type { Documents } from '../graphql/documents.ts';
import { limits } from '../graphql/limits.ts';
import { renew } from '../graphql/renewal.ts';
import { refuseForeignPages } from '../graphql/request-guard.ts';
import { refuseUpgrade } from '../http/dispatch.ts';
import type { RequestFacts } from '../http/exchange.ts';
import { readSessionCookie } from '../identity/service.ts';
import { principalChanged, type PrincipalChange } from '../identity/events.ts';
import type { Platform } from '../platform.ts';
import type { Services } from '../services.ts';
import { viewerCloseCodes } from './close-codes.ts';
import { Connection } from './connection.ts';
import { createProtocol, type Protocol } from './protocol.ts';
import { ViewerSession } from './session.ts';
import { Viewers } from './viewers.ts';

/** Sockets of one address that have not shown a session yet. */
const maxStrangers = 2_000;

/** How often open sockets are looked after, in milliseconds. */
export interface Pace {
  /** The rights behind them, although nothing said they changed. @default 30_000 */
  readonly recheckMs?: number;
  /** Whether the other side still lives. @default 10_000 */
  readonly pingMs?: number;
  /** Silence after which one is given up. @default 25_000 */
  readonly silenceMs?: number;
}

export interface PublicServerOptions extends Pace {
  readonly platform: Pick<Platform, 'db' | 'log'>;
  readonly services: Services;
  readonly documents: Documents;
  readonly admission: Admission;
  readonly authentication: Authentication;
}

/** The WebSocket side of the public API. */
export class PublicServer {
  readonly #options: PublicServerOptions;
  readonly #viewers: Viewers;
  readonly #protocol: Protocol;
  readonly #wss = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
    handleProtocols: (offered) => offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) && GRAPHQL_TRANSPORT_WS_PROTOCOL,
  });
  readonly #stopping = new AbortController();
  #timers: NodeJS.Timeout[] = [];

  constructor(options: PublicServerOptions) {
    this.#options = options;
    const { platform, services, documents, admission } = options;
    const { log } = platform;
    this.#viewers = new Viewers((ids) => renew(services, ids), log);
    this.#protocol = createProtocol({
      documents,
      admission,
      log,
      introduce: (connection, params) => this.#introduce(connection, params),
      viewerContext: (connection, signal) => this.#viewerContext(connection, signal),
      audienceContext: (principal, signal) => this.#audienceContext(principal, signal),
    });
  }

  get connections(): number {
    return this.#viewers.all.size;
  }

  /** Handed to sockets and not yet taken by the kernel. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const { bufferedAmount } of this.#viewers.all) bytes += bufferedAmount;
    return bytes;
  }

  /** Shared subscriptions that are executed now. */
  get groups(): number {
    return this.#protocol.fanOut.size;
  }

  /** Viewers that shared subscriptions are written to. */
  get members(): number {
    return this.#protocol.fanOut.members;
  }

  start(): void {
    const { recheckMs = 30_000, pingMs = 10_000, silenceMs = 25_000, services } = this.#options;
    void this.#follow(services.topics.subscribe(principalChanged, { signal: this.#stopping.signal }));
    this.#timers = [
      setInterval(() => void this.#viewers.recheck(), recheckMs).unref(),
      setInterval(() => {
        for (const connection of this.#viewers.all) connection.ping();
      }, pingMs).unref(),
      setInterval(() => this.#giveUpSilent(silenceMs), pingMs / 4).unref(),
    ];
  }

  #giveUpSilent(silenceMs: number): void {
    const now = Date.now();
    for (const connection of this.#viewers.all) {
      if (connection.silence(now) > silenceMs) connection.terminate();
    }
  }

  /** Sends everyone elsewhere and waits until they are gone, or time is up. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#timers) clearInterval(timer);
    const { promise: late, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
    const gone = [...this.#viewers.all].map((connection) => {
      connection.close(viewerCloseCodes.goingAway, 'ServerKit is stopping.');
      return connection.closed;
    });
    await Promise.race([Promise.all(gone), late]);
    for (const connection of this.#viewers.all) connection.terminate();
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, facts: RequestFacts): void {
    if (this.#stopping.signal.aborted) return refuseUpgrade(socket, 503, 'ServerKit is stopping.');
    try {
      if (facts.originVerdict !== 'listed') refuseForeignPages(request, facts);
    } catch (error) {
      if (isServerKitError(error)) return refuseUpgrade(socket, 403, error.message);
      throw error;
    }
    if (this.#viewers.strangersFrom(facts.address) >= maxStrangers) {
      return refuseUpgrade(socket, 429, 'Too many connections without a session.');
    }
    this.#wss.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, socket, request, facts));
  }

  #accept(ws: WebSocket, socket: Duplex, { headers }: IncomingMessage, facts: RequestFacts): void {
    const { log } = this.#options.platform;
    const listed = facts.originVerdict === 'listed';
    const connection = new Connection(ws, socket, {
      address: facts.address,
      secure: facts.secure,
      host: facts.host,
      userAgent: headers['user-agent'] ?? '',
      cookie: listed ? undefined : readSessionCookie(headers.cookie, facts),
      listed,
    });
    this.#viewers.add(connection);
    const session = new ViewerSession(this.#protocol, connection, log);
    ws.on('message', (data, isBinary) => {
      if (isBinary || !Buffer.isBuffer(data))
        connection.close(viewerCloseCodes.badMessage, 'Send text frames.');
      else session.receive(data.toString());
    });
    ws.once('close', (code, reason) => {
      this.#viewers.remove(connection);
      void session.closed(code, reason.toString());
    });
  }

  /** Both halves make a session, a token by itself a program; neither makes a stranger, who may only use what is public. */
  async #introduce(connection: Connection, params: Readonly<Record<string, unknown>>): Promise<boolean> {
    const { session: proof } = params;
    const token = tokenIn(params);
    const { address, listed } = connection.facts;
    if (token === undefined && (proof === undefined || proof === null)) {
      if (listed)
        connection.close(viewerCloseCodes.unauthorized, 'Pages of other origins need an API token.');
      return !listed;
    }
    // A browser adds the cookie by itself, so beside a token only the proof would say that the session is meant.
    const cookie = token === undefined || proof !== undefined ? connection.facts.cookie : undefined;
    const { changes } = this.#viewers;
    const claim = { cookie, proof: typeof proof === 'string' ? proof : undefined, token, address };
    const principal = await this.#principalOf(claim);
    if (principal === undefined) {
      // A close frame has room for 123 bytes, which the errors over HTTP do not keep to.
      const reason =
        token === undefined
          ? 'Your session is not valid. Sign in again.'
          : 'This API token does not work here, or came together with a session.';
      connection.close(viewerCloseCodes.unauthorized, reason);
      return false;
    }
    if (!connection.open) return false;
    this.#viewers.identify(connection, principal);
    // Someone's rights changed while the database was asked; it may have been theirs.
    if (changes !== this.#viewers.changes) await this.#viewers.recheck([connection]);
    return connection.open;
  }

  async #principalOf(claim: Claim): Promise<PersonPrincipal | undefined> {
    try {
      return await this.#options.authentication.principalOf(claim);
    } catch (error) {
      if (isServerKitError(error)) return undefined;
      throw error;
    }
  }

  async #follow(changes: AsyncIterable<PrincipalChange>): Promise<void> {
    // None waits for the one before it: each takes effect the moment it is heard of.
    for await (const change of changes) void this.#viewers.changed(change);
  }

  #viewerContext(connection: Connection, signal: AbortSignal): RequestContext {
    const { principal, facts } = connection;
    const { address, userAgent } = facts;
    return { ...this.#shared(signal), principal, address, userAgent, origin: facts, socket: connection };
  }

  #audienceContext(principal: RequestContext['principal'], signal: AbortSignal): RequestContext {
    return {
      ...this.#shared(signal),
      principal,
      address: '',
      userAgent: '',
      origin: { secure: false, host: '' },
    };
  }

  #shared(signal: AbortSignal) {
    const { platform, services } = this.#options;
    return { log: platform.log, db: platform.db, services, signal };
  }
}

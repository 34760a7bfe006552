import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { connectionError, engineError } from './engine-error.ts';
import { begin, textOf, withQuery, type Carried, type Exchange, type Query } from './exchange.ts';
import { tellWhenDeaf } from './deaf.ts';
import { parse } from './json.ts';
import { openRawStream } from './raw-stream.ts';

export type { Query } from './exchange.ts';

/** More than the list of a host with thousands of containers. Bytes. */
const MAX_REPLY = 64 * 1024 * 1024;
/** As much of an error's body as is read. Bytes. */
const MAX_ERROR = 64 * 1024;

/** A call that carries more than its address. */
export interface EngineCall extends Carried {
  /** How long it may take beside what every call may. Ms. */
  readonly extraMs?: number;
}

export interface StreamedCall extends Carried {
  /** Ends it, before and after the reply. */
  readonly signal: AbortSignal;
}

/**
 * The Docker Engine API over its socket, as far as the agent needs it. Every method throws AgentError:
 * DOCKER_UNAVAILABLE when the engine is not there, else what the engine's answer means.
 *
 * Not dockerode: it costs 7 MB of resident memory and prints each request to nowhere.
 */
export interface Engine {
  get(path: string, query?: Query): Promise<unknown>;
  /** @returns false when the engine says that it is so already (304) */
  post(path: string, query?: Query, extraMs?: number): Promise<boolean>;
  delete(path: string, query?: Query, extraMs?: number): Promise<void>;
  /** The headers of what a GET would answer. */
  head(path: string, query?: Query): Promise<IncomingHttpHeaders>;
  /** JSON there and back. @returns undefined where the engine answers nothing */
  call(method: string, path: string, call?: EngineCall): Promise<unknown>;
  /** The body as it comes; see {@link openRawStream}. */
  stream(path: string, query: Query, signal: AbortSignal): Promise<Readable>;
  /**
   * A request whose reply is read as it comes: pulls, builds, archives. Its own timeout counts silence until the reply
   * begins, so an upload may take as long as it moves; from then on an engine that hangs ends it. Destroying the stream closes the connection, which is how the
   * engine is told to give up. Many such replies report failure in their text: whoever reads it has to look.
   */
  open(method: string, path: string, call: StreamedCall): Promise<Readable>;
  /** A connection both ways, for exec and attach. `end()` closes stdin only. */
  hijack(path: string, call: StreamedCall): Promise<Duplex>;
}

export interface EngineOptions {
  /** Path of the unix socket or named pipe. */
  readonly socket: string;
  /** Per call, besides what the call itself is allowed to take. */
  readonly timeoutMs: number;
}

export function createEngine({ socket, timeoutMs }: EngineOptions): Engine {
  async function send(method: string, path: string, { extraMs = 0, ...carried }: EngineCall): Promise<Reply> {
    const limit = timeoutMs + extraMs;
    try {
      const reply = await whole({ socket, method, path, ...carried }, { limit, patience: timeoutMs });
      if (reply.status === 304 || (reply.status >= 200 && reply.status < 300)) return reply;
      throw engineError(reply.status, reply.body);
    } catch (error) {
      throw connectionError(socket, error);
    }
  }

  async function streamed<Result>(signal: AbortSignal, open: () => Promise<Result>): Promise<Result> {
    try {
      signal.throwIfAborted();
      return await open();
    } catch (error) {
      if (signal.aborted) throw error;
      throw connectionError(socket, error);
    }
  }

  return {
    get: async (path, query = {}) => parse((await send('GET', path, { query })).body),
    post: async (path, query = {}, extraMs = 0) =>
      (await send('POST', path, { query, extraMs })).status !== 304,
    async delete(path, query = {}, extraMs = 0) {
      await send('DELETE', path, { query, extraMs });
    },
    head: async (path, query = {}) => (await send('HEAD', path, { query })).headers,
    call: async (method, path, call = {}) => parse((await send(method, path, call)).body),
    stream: (path, query, signal) =>
      streamed(signal, () => openRawStream({ socket, path: withQuery(path, query), timeoutMs, signal })),
    open: (method, path, { signal, ...carried }) =>
      streamed(signal, () => begun({ socket, method, path, ...carried }, timeoutMs, signal)),
    hijack: (path, { signal, headers, ...carried }) =>
      streamed(signal, () => {
        const upgrade = { ...headers, connection: 'Upgrade', upgrade: 'tcp' };
        return upgraded({ socket, method: 'POST', path, headers: upgrade, ...carried }, timeoutMs, signal);
      }),
  };
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const silent = (ms: number): Error => new Error(`it did not answer within ${Math.round(ms / 1000)} s`);

/** How long a call may take, and any answer of the engine. Ms. */
interface Within {
  readonly limit: number;
  readonly patience: number;
}

/** One that may take long is given up all the same when the engine answers nothing else either. */
function whole(exchange: Exchange, { limit, patience }: Within): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = begin(exchange);
    const timer = setTimeout(() => call.destroy(silent(limit)), limit);
    const { socket } = exchange;
    const leave =
      limit > patience
        ? tellWhenDeaf(patience, {
            moved: () => false,
            ask: () => whole({ socket, method: 'GET', path: '/_ping' }, { limit: patience, patience }),
            gone: (error) => call.destroy(error instanceof Error ? error : undefined),
          })
        : () => undefined;
    call.on('close', () => {
      clearTimeout(timer);
      leave();
    });
    call.on('error', reject);
    call.on('response', (response) => {
      const { statusCode: status = 0, headers } = response;
      textOf(response, MAX_REPLY).then((body) => resolve({ status, headers, body }), reject);
    });
  });
}

/** The reply once it begins, if it is a good one. */
async function begun(exchange: Exchange, silenceMs: number, signal: AbortSignal): Promise<Readable> {
  const { response } = await met(exchange, silenceMs, signal);
  const status = response.statusCode ?? 0;
  if (status < 200 || status >= 300) throw engineError(status, await textOf(response, MAX_ERROR));
  const { socket } = exchange;
  let read = 0;
  const leave = tellWhenDeaf(silenceMs, {
    moved() {
      const before = read;
      read = response.socket.bytesRead;
      return read !== before;
    },
    ask: () => whole({ socket, method: 'GET', path: '/_ping' }, { limit: silenceMs, patience: silenceMs }),
    gone: (error) => response.destroy(connectionError(socket, error)),
  });
  response.once('close', leave);
  return response;
}

async function upgraded(exchange: Exchange, silenceMs: number, signal: AbortSignal): Promise<Duplex> {
  const { response, socket } = await met(exchange, silenceMs, signal);
  if (socket) return socket;
  throw engineError(response.statusCode ?? 0, await textOf(response, MAX_ERROR));
}

interface Met {
  readonly response: IncomingMessage;
  /** Where the engine agreed to speak both ways. */
  readonly socket?: Duplex;
}

/** The head of the reply. From then on the engine may be silent for as long as its work takes. */
function met(exchange: Exchange, silenceMs: number, signal: AbortSignal): Promise<Met> {
  return new Promise((resolve, reject) => {
    const call = begin(exchange);
    const abort = (): void => void call.destroy();
    signal.addEventListener('abort', abort, { once: true });
    call.setTimeout(silenceMs, () => call.destroy(silent(silenceMs)));
    call.on('error', reject);
    call.on('close', () => {
      signal.removeEventListener('abort', abort);
      reject(new Error('it closed the connection'));
    });
    call.on('response', (response) => {
      call.setTimeout(0);
      // A stream without a listener must not end the process when its connection fails.
      response.on('error', () => undefined);
      resolve({ response });
    });
    call.on('upgrade', (response, socket, head) => {
      socket.setTimeout(0);
      socket.on('error', () => undefined);
      const leave = (): void => void socket.destroy();
      signal.addEventListener('abort', leave, { once: true });
      socket.on('close', () => signal.removeEventListener('abort', leave));
      if (head.length > 0) socket.unshift(head);
      resolve({ response, socket });
    });
  });
}

/** The engine's form of a filter: `filters({ id: [...] })`. */
export function filters(by: Readonly<Record<string, readonly string[]>>): { readonly filters: string } {
  return { filters: JSON.stringify(by) };
}

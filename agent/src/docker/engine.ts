import { request } from 'node:http';
import type { Readable } from 'node:stream';
import { connectionError, engineError } from './engine-error.ts';
import { parse } from './json.ts';
import { openRawStream } from './raw-stream.ts';

/** More than the list of a host with thousands of containers. Bytes. */
const MAX_REPLY = 64 * 1024 * 1024;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * The Docker Engine API over its socket, as far as the agent needs it. Every method throws AgentError:
 * DOCKER_UNAVAILABLE when the engine is not there, else what the engine's answer means.
 *
 * Not dockerode: for the dozen calls we make it costs 7 MB of resident memory and prints each request to nowhere.
 */
export interface Engine {
  get(path: string, query?: Query): Promise<unknown>;
  /** @returns false when the engine says that it is so already (304) */
  post(path: string, query?: Query, extraMs?: number): Promise<boolean>;
  delete(path: string, query?: Query, extraMs?: number): Promise<void>;
  /** The body as it comes; see {@link openRawStream}. */
  stream(path: string, query: Query, signal: AbortSignal): Promise<Readable>;
}

export interface EngineOptions {
  /** Path of the unix socket or named pipe. */
  readonly socket: string;
  /** Per call, besides what the call itself is allowed to take. */
  readonly timeoutMs: number;
}

export function createEngine({ socket, timeoutMs }: EngineOptions): Engine {
  async function call(method: string, path: string, query: Query = {}, extraMs = 0): Promise<Reply> {
    const limit = timeoutMs + extraMs;
    try {
      const reply = await send({ socket, method, path: withQuery(path, query), timeoutMs: limit });
      if (reply.status === 304 || (reply.status >= 200 && reply.status < 300)) return reply;
      throw engineError(reply.status, reply.body);
    } catch (error) {
      throw connectionError(socket, error);
    }
  }

  return {
    get: async (path, query) => parse((await call('GET', path, query)).body),
    post: async (path, query, extraMs) => (await call('POST', path, query, extraMs)).status !== 304,
    async delete(path, query, extraMs) {
      await call('DELETE', path, query, extraMs);
    },
    async stream(path, query, signal) {
      try {
        return await openRawStream({ socket, path: withQuery(path, query), timeoutMs, signal });
      } catch (error) {
        if (signal.aborted) throw error;
        throw connectionError(socket, error);
      }
    },
  };
}

interface Reply {
  readonly status: number;
  readonly body: string;
}

interface Call {
  readonly socket: string;
  readonly method: string;
  readonly path: string;
  readonly timeoutMs: number;
}

function send({ socket, method, path, timeoutMs }: Call): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: socket, method, path, agent: false, headers: { host: 'docker' } });
    const timer = setTimeout(() => {
      call.destroy(new Error(`it did not answer within ${Math.round(timeoutMs / 1000)} s`));
    }, timeoutMs);
    call.on('close', () => clearTimeout(timer));
    call.on('error', reject);
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_REPLY) call.destroy(new Error('its answer is too large'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    call.end();
  });
}

function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : `${key}=${encodeURIComponent(String(value))}`,
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/** The engine's form of a filter: `filters({ id: [...] })`. */
export function filters(by: Readonly<Record<string, readonly string[]>>): { readonly filters: string } {
  return { filters: JSON.stringify(by) };
}

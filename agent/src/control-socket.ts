import { closeSync, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { describe, systemCode } from './errors.ts';

/** What the running agent can be asked on this host. */
export const controlRequests = ['status', 'ring', 'reload'] as const;
export type ControlRequest = (typeof controlRequests)[number];

export interface ControlSocket {
  close(): void;
}

const NAME = 'control.sock';
/** The ring is the longest answer, about 1 MB. */
const MAX_ANSWER = 16 * 1024 * 1024;
const PATIENCE = 5000;

/**
 * The path of a socket may have 107 bytes (unix(7)) and a state folder may lie deeper; through a descriptor of the folder
 * it is short.
 */
function withPath<T>(stateDir: string, use: (path: string) => T): T {
  if (process.platform !== 'linux') return use(`${stateDir}/${NAME}`);
  const fd = openSync(stateDir, 'r');
  try {
    return use(`/proc/self/fd/${fd}/${NAME}`);
  } finally {
    closeSync(fd);
  }
}

/**
 * Answers requests of the agent's own account and of root, one per connection: a line with the request, a line of JSON
 * with `{ ok }` or `{ error }`. Holds the folder's lock already, so what is left of a socket is taken away.
 *
 * @throws the system's error when the socket cannot be made
 */
export function openControlSocket(
  stateDir: string,
  answer: (request: ControlRequest) => unknown,
): Promise<ControlSocket> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let line = '';
    socket.setEncoding('utf8').setTimeout(PATIENCE, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      line += text;
      if (line.length > 100) socket.destroy();
      else if (line.includes('\n')) socket.end(`${JSON.stringify(reply(line.trim(), answer))}\n`);
    });
  });
  return new Promise((resolve, reject) => {
    rmSync(`${stateDir}/${NAME}`, { force: true });
    server.once('error', reject);
    // Binding happens within listen(), so the mask covers it and nothing else.
    const mask = process.umask(0o177);
    try {
      withPath(stateDir, (path) =>
        server.listen(path, () => resolve({ close: () => close(server, stateDir) })),
      );
    } finally {
      process.umask(mask);
    }
  });
}

function reply(name: string, answer: (request: ControlRequest) => unknown): unknown {
  const request = controlRequests.find((known) => known === name);
  if (!request) return { error: 'unknown request' };
  try {
    return { ok: answer(request) };
  } catch (error) {
    return { error: describe(error) };
  }
}

function close(server: Server, stateDir: string): void {
  server.close();
  rmSync(`${stateDir}/${NAME}`, { force: true });
}

/**
 * Asks the agent that runs with this state folder.
 *
 * @returns undefined when none runs
 * @throws Error with a sentence
 */
export async function askAgent(stateDir: string, request: ControlRequest): Promise<unknown> {
  try {
    const text = await exchange(stateDir, `${request}\n`);
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'ok' in value) return value.ok;
    throw new Error(`The agent did not answer: ${text.trim().slice(0, 200) || 'it closed the connection'}`);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new Error(`Only root and the agent's own account may ask about it (${stateDir}).`, {
        cause: error,
      });
    }
    throw error;
  }
}

function exchange(stateDir: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = withPath(stateDir, (path) => connect({ path }));
    let answer = '';
    socket
      .setEncoding('utf8')
      .setTimeout(PATIENCE, () => socket.destroy(new Error('The agent does not answer.')));
    socket.on('error', reject);
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.length > MAX_ANSWER) socket.destroy(new Error('The agent answers without end.'));
    });
    socket.on('end', () => resolve(answer));
    socket.end(request);
  });
}

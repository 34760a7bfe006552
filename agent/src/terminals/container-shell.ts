import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { flag, number, object, text, type JsonObject } from '../docker/json.ts';
import { reap, type Mark } from './reap.ts';
import { terminalVariable, type Shell, type Size } from './terminal.ts';

/** bash where there is one. */
const script = 'command -v bash >/dev/null 2>&1 && exec bash; exec sh';
const lookEvery = 20;
/** Ms. */
const mustStartWithin = 10_000;
/** A shell that was told to go has so long before it is ended. Ms. */
const mustEndWithin = 2000;

/**
 * A shell in a container, with a terminal.
 *
 * @throws AgentError CONFLICT when the container has none, or does not run
 */
export async function openContainerShell(engine: Engine, mark: Mark, size: Size): Promise<Shell> {
  const { containerId, terminalId, user } = mark;
  const made = object(
    await engine.call('POST', `/containers/${containerId}/exec`, {
      body: {
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: true,
        Env: ['TERM=xterm-256color', 'COLORTERM=truecolor', `${terminalVariable}=${terminalId}`],
        ...(user === null ? {} : { User: user }),
        Cmd: ['sh', '-c', script],
      },
    }),
  );
  const path = `/exec/${text(made['Id'])}`;
  // Its life is told by destroying it, not by a signal.
  const { signal } = new AbortController();
  const socket = await engine.hijack(`${path}/start`, { body: { Detach: false, Tty: true }, signal });
  socket.on('error', () => undefined);
  const inspect = async (): Promise<JsonObject> => object(await engine.get(`${path}/json`));
  try {
    await started(inspect, socket);
    await resize(engine, path, size);
  } catch (error) {
    socket.destroy();
    await reap(engine, mark, 'KILL').catch(() => undefined);
    throw error;
  }

  const hasEnded = async (): Promise<boolean> => {
    for (const begun = performance.now(); performance.now() - begun < mustEndWithin; await sleep(lookEvery)) {
      if (!flag((await inspect())['Running'])) return true;
    }
    return false;
  };

  return {
    output: socket,
    queued: () => socket.writableLength,
    write: (input) => void socket.write(input),
    resize: (next) => resize(engine, path, next),
    exitCode: async () => number((await inspect())['ExitCode']),
    async end() {
      // Closing the connection alone leaves the shell running. What hangs up on its own is let; the rest is ended.
      try {
        if (flag((await inspect())['Running'])) {
          await reap(engine, mark, 'HUP');
          await hasEnded();
        }
        await reap(engine, mark, 'KILL');
        return true;
      } catch {
        return false;
      } finally {
        socket.destroy();
      }
    },
  };
}

/** Resolves when it runs; the engine says yes to the connection before it tries. */
async function started(inspect: () => Promise<JsonObject>, socket: Duplex): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < mustStartWithin; await sleep(lookEvery)) {
    // The engine forgets at once what it could not start, or keeps it with a code of its own.
    const exec = await inspect().catch((error: unknown): JsonObject => {
      if (error instanceof AgentError && error.code === 'NOT_FOUND') return { ExitCode: 127 };
      throw error;
    });
    // It is said to run from when the engine begins to try.
    const { Running: running, Pid: pid, ExitCode: exitCode } = exec;
    if (running === true && pid !== 0) return;
    if (typeof exitCode !== 'number') continue;
    // A shell that came and went within the first look has ended by itself.
    if (exitCode !== 126 && exitCode !== 127) return;
    const words: unknown = socket.read();
    const said = Buffer.isBuffer(words) ? words.toString('utf8') : '';
    throw new AgentError(
      'CONFLICT',
      `There is no shell in this container, neither bash nor sh${because(said)}.`,
    );
  }
  throw new AgentError('DOCKER_ERROR', 'Docker did not start the shell in time.');
}

/** The engine's words, unless they say no more than that there is no such file. */
function because(said: string): string {
  const words = said
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 200);
  return words === '' || /not found|no such file/i.test(words) ? '' : `: ${words}`;
}

async function resize(engine: Engine, path: string, { columns, rows }: Size): Promise<void> {
  await engine.post(`${path}/resize`, { w: columns, h: rows });
}

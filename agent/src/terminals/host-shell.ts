import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { Duplex, Readable } from 'node:stream';
import { AgentError, describe } from '../errors.ts';
import { frame, FrameReader, frames, resizing, type Opening } from './host/frames.ts';
import type { Shell, Size } from './terminal.ts';

/** Ms. */
const mustStartWithin = 10_000;
/** A shell and all that it started have so long to be gone: two seconds and what a busy machine adds. Ms. */
const mustEndWithin = 10_000;
/** Output that nobody has taken yet. Bytes. */
const ahead = 64 * 1024;

/** As whom shells of this host run, and how they become that: the agent's configuration says it. */
export interface HostShellConfig {
  /** Null: nobody chose one, so there are none. */
  readonly account: string | null;
  /** Socket at which systemd starts them as that account; null: the agent starts them itself. */
  readonly socket: string | null;
}

interface Connection {
  readonly stream: Duplex;
  /** Resolves when there is nobody at its other end any more. */
  readonly gone: Promise<void>;
  /** For a process that does not listen. */
  readonly kill: () => void;
}

/**
 * A shell on this host, of the account that its configuration names.
 *
 * @param program - host/program.ts, as it is shipped
 * @throws AgentError POLICY_DENIED while no account is configured, CONFLICT when the account has no shell or the agent cannot
 * become it
 */
export async function openHostShell(
  { account, socket }: HostShellConfig,
  program: string,
  { id, columns, rows }: Size & { readonly id: string },
): Promise<Shell> {
  if (account === null) {
    throw new AgentError(
      'POLICY_DENIED',
      'No account is chosen for shells on this server: set shell.account in the configuration of its agent, and restart the agent.',
    );
  }
  const { stream, gone, kill } = socket === null ? start(account, program) : await reach(socket);
  const told = new FrameReader();
  const begun = Promise.withResolvers<void>();
  begun.promise.catch(() => undefined);
  let exitCode: number | null = null;
  let exited = false;
  let ended = false;
  let waiting = 0;

  const output = new Readable({
    highWaterMark: ahead,
    read: () => void stream.resume(),
  });
  // Told to whoever reads it.
  output.on('error', () => undefined);

  function take(chunk: Buffer): void {
    for (const { kind, content } of told.take(chunk)) {
      if (kind === frames.output) {
        if (!ended && !output.push(Buffer.from(content))) stream.pause();
      } else if (kind === frames.started) begun.resolve();
      else if (kind === frames.taken) waiting = Math.max(0, waiting - Number(content.toString()));
      else if (kind === frames.failed) {
        begun.reject(new AgentError('CONFLICT', `The shell could not be started: ${said(content)}.`));
      } else if (kind === frames.exited) {
        exited = true;
        exitCode = Number(content.toString());
        output.push(null);
      }
    }
  }
  stream.on('data', (chunk: Buffer) => {
    try {
      take(chunk);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : undefined);
    }
  });
  stream.on('error', (error) => begun.reject(unreachable(describe(error))));
  stream.once('close', () => {
    begun.reject(unreachable('it ended at once'));
    if (!exited) output.destroy(new Error('the shell was lost'));
  });

  const late = setTimeout(() => begun.reject(unreachable('it did not start in time')), mustStartWithin);
  const opening: Opening = { terminalId: id, account, columns, rows };
  stream.write(frame(frames.open, JSON.stringify(opening)));
  try {
    await begun.promise;
  } catch (error) {
    stream.destroy();
    kill();
    await gone;
    throw error;
  } finally {
    clearTimeout(late);
  }

  return {
    output,
    queued: () => waiting,
    write(input) {
      if (stream.destroyed) return;
      waiting += Buffer.byteLength(input);
      stream.write(frame(frames.input, input));
    },
    resize({ columns: wide, rows: high }) {
      if (!stream.destroyed) stream.write(resizing(wide, high));
      return Promise.resolve();
    },
    exitCode: () => Promise.resolve(exitCode),
    async end() {
      ended = true;
      if (!stream.destroyed) stream.write(frame(frames.end));
      stream.resume();
      const slow = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => slow.resolve(false), mustEndWithin);
      const clean = await Promise.race([gone.then(() => true), slow.promise]);
      clearTimeout(timer);
      stream.destroy();
      kill();
      return clean;
    },
  };
}

/**
 * As a process of the agent's own: as the agent itself, or, where the agent is root, as whom it was told. Nothing of the
 * agent's environment goes along, nor does a descriptor besides the socket between the two.
 */
function start(account: string, program: string): Connection {
  const own = userInfo();
  const runs = [process.execPath, program, '3'] as const;
  let command: readonly [string, ...string[]] = runs;
  if (own.username !== account) {
    if (own.uid !== 0) {
      throw new AgentError(
        'CONFLICT',
        `The agent of this server runs as ${own.username} and cannot become ${account}. Let systemd start its shells and set shell.socket: docs/deploy.md says how.`,
      );
    }
    // With the groups of the account, which setting a user number alone would leave as they are.
    command = ['runuser', '-u', account, '--', ...runs];
  }
  const [file, ...words] = command;
  const child = spawn(file, words, {
    cwd: '/',
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const stream = child.stdio[3];
  if (!(stream instanceof Duplex)) throw new Error('the shell was started without a way to it');
  child.on('error', (error) => stream.destroy(error));
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return { stream, gone, kill: () => void child.kill('SIGTERM') };
}

async function reach(path: string): Promise<Connection> {
  const stream: Socket = connect(path);
  stream.on('error', () => undefined);
  try {
    await once(stream, 'connect', { signal: AbortSignal.timeout(mustStartWithin) });
  } catch (error) {
    stream.destroy();
    throw unreachable(describe(error));
  }
  return {
    stream,
    gone: new Promise((resolve) => stream.once('close', () => resolve())),
    kill: () => undefined,
  };
}

function unreachable(why: string): AgentError {
  return new AgentError('CONFLICT', `The shell could not be started: ${why}.`);
}

/** What the other process says of itself, for people. */
function said(content: Buffer): string {
  return content
    .toString('utf8')
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 200)
    .replace(/\.$/, '');
}

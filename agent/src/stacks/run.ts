import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { AgentError, systemCode } from '../errors.ts';

/** More than any normalised stack. Bytes, of each of the two streams. */
const MAX_OUTPUT = 8 * 1024 * 1024;
/** After SIGTERM, for Compose to end what it began. Ms. */
const LAST_WORDS = 10_000;

export interface ComposeCall {
  readonly args: readonly string[];
  /** What it reads from its standard input. */
  readonly input?: string;
  readonly signal: AbortSignal;
  /** Each line that it says, as it says it. */
  readonly onLine?: (line: string, stream: 'STDOUT' | 'STDERR') => void;
}

export interface ComposeOutput {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Compose to its end. @throws AgentError where it cannot be run; CANCELLED when the signal aborts */
export type RunCompose = (
  command: readonly [string, ...string[]],
  call: ComposeCall,
) => Promise<ComposeOutput>;

export interface RunOptions {
  /** Path of the engine's socket. */
  readonly socket: string;
  /** An empty folder of the agent's: nothing of an account's own settings is read. */
  readonly home: string;
}

/**
 * Compose reads variables from its environment into what it makes, so it gets none of the agent's: only what it takes to
 * run, and to find the engine. As a process group of its own, or what it started would outlive a cancelled job.
 */
export function createRunCompose({ socket, home }: RunOptions): RunCompose {
  const env = {
    PATH: process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    DOCKER_CONFIG: home,
    DOCKER_HOST: socket.startsWith('//') ? `npipe:${socket}` : `unix://${socket}`,
    // The first Compose is Python, which reads files in the encoding of its locale.
    LANG: 'C.UTF-8',
    // Of the first: how long the engine may take to answer. Seconds.
    COMPOSE_HTTP_TIMEOUT: '600',
    // A file that includes one from elsewhere would have git run, and be read unchecked.
    COMPOSE_EXPERIMENTAL_GIT_REMOTE: 'false',
    COMPOSE_EXPERIMENTAL_OCI_REMOTE: 'false',
  };
  return async ([program, ...first], { args, input, signal, onLine }) => {
    throwIfCancelled(signal);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const child = spawn(program, [...first, ...args], { cwd: home, env, detached: true, stdio: 'pipe' });
    const stop = (): void => endGroup(child);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const streams = [collect(child, 'STDOUT', onLine), collect(child, 'STDERR', onLine)] as const;
      // It may end without having read all of it.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input ?? '');
      const code = await new Promise<number | null>((resolve, reject) => {
        child.on('error', reject);
        child.on('close', resolve);
      });
      throwIfCancelled(signal);
      return { code, stdout: streams[0](), stderr: streams[1]() };
    } catch (error) {
      if (error instanceof AgentError) throw error;
      throw new AgentError(
        'COMPOSE_UNAVAILABLE',
        `${program} cannot be run (${systemCode(error) ?? 'unknown'}).`,
        error,
      );
    } finally {
      signal.removeEventListener('abort', stop);
    }
  };
}

function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new AgentError('CANCELLED', 'It was cancelled.');
}

/** @returns what came, cut at {@link MAX_OUTPUT} */
function collect(
  child: ChildProcess,
  name: 'STDOUT' | 'STDERR',
  onLine: ComposeCall['onLine'],
): () => string {
  const stream = name === 'STDOUT' ? child.stdout : child.stderr;
  let all = '';
  let rest = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    if (all.length < MAX_OUTPUT) all += text;
    if (!onLine) return;
    const lines = (rest + text).split(/\r?\n|\r/);
    rest = (lines.pop() ?? '').slice(-MAX_OUTPUT);
    for (const line of lines) if (line.trim() !== '') onLine(line, name);
  });
  stream?.on('end', () => {
    if (onLine && rest.trim() !== '') onLine(rest, name);
  });
  return () => all;
}

function endGroup(child: ChildProcess): void {
  const signalGroup = (name: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // It ended meanwhile.
    }
  };
  signalGroup('SIGTERM');
  const timer = setTimeout(() => signalGroup('SIGKILL'), LAST_WORDS);
  child.once('close', () => clearTimeout(timer));
}

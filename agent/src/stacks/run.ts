import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { tellWhenDeaf } from '../docker/deaf.ts';
import { AgentError, systemCode } from '../errors.ts';
import { endGroup, endLeftGroups, noteGroup } from './process-group.ts';

/** More than any normalised stack. Characters, of each of the two streams. */
const MAX_OUTPUT = 8 * 1024 * 1024;
/** Of what is told line by line, only the end is kept, for what went wrong stands there. Characters. */
const KEPT_TAIL = 64 * 1024;
/** What goes on for longer without an end is told in pieces. Characters. */
const LONGEST_LINE = 16 * 1024;
/** After SIGTERM, for Compose to end what it began. Ms. */
const LAST_WORDS = 10_000;
/** Of Compose, until the engine is asked whether it is there. Ms. */
const SILENCE = 10_000;

export interface ComposeCall {
  readonly args: readonly string[];
  /** What it reads from its standard input. */
  readonly input?: string;
  readonly signal: AbortSignal;
  /** What it is told in confidence, beside its own environment. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Each line that it says, as it says it. */
  readonly onLine?: (line: string, stream: 'STDOUT' | 'STDERR') => void;
  /** Awaited between what it says, so that a flood holds up nobody but Compose itself. */
  readonly ready?: () => Promise<void>;
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
  /** Whether the engine answers, for Compose waits for one that hangs as long as it takes. Rejects where it does not. */
  readonly ask: () => Promise<unknown>;
  /** How long Compose may be silent before the engine is asked. Ms. @default 10,000 */
  readonly silenceMs?: number;
}

/**
 * What an agent that was killed left running is ended first: it would go on beside what comes next.
 *
 * Compose reads variables from its environment into what it makes, so it gets none of the agent's: only what it takes to
 * run, and to find the engine. As a process group of its own, or what it started would outlive a cancelled job.
 */
export function createRunCompose({ socket, home, ask, silenceMs = SILENCE }: RunOptions): RunCompose {
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
  endLeftGroups(home);
  return async ([program, ...first], call) => {
    const { args, input, signal, variables } = call;
    throwIfCancelled(signal);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const child = spawn(program, [...first, ...args], {
      cwd: home,
      env: { ...env, ...variables },
      detached: true,
      stdio: 'pipe',
    });
    const stop = (): void => endGroup(child, LAST_WORDS);
    signal.addEventListener('abort', stop, { once: true });
    let heard = false;
    const deaf = new AbortController();
    const hear = (): void => void (heard = true);
    const leave = tellWhenDeaf(silenceMs, {
      moved() {
        const before = heard;
        heard = false;
        return before;
      },
      ask,
      gone(error) {
        deaf.abort(error);
        stop();
      },
    });
    try {
      noteGroup(child, home);
      // It may end without having read all of it.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input ?? '');
      const closed = new Promise<number | null>((resolve, reject) => {
        child.on('error', reject);
        child.on('close', resolve);
      });
      const [stdout, stderr, code] = await Promise.all([
        collect(child.stdout, 'STDOUT', { ...call, hear }),
        collect(child.stderr, 'STDERR', { ...call, hear }),
        closed,
      ]);
      throwIfCancelled(signal);
      deaf.signal.throwIfAborted();
      return { code, stdout, stderr };
    } catch (error) {
      if (error instanceof AgentError) throw error;
      throw new AgentError(
        'COMPOSE_UNAVAILABLE',
        `${program} cannot be run (${systemCode(error) ?? 'unknown'}).`,
        error,
      );
    } finally {
      leave();
      signal.removeEventListener('abort', stop);
    }
  };
}

function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new AgentError('CANCELLED', 'It was cancelled.');
}

/** @returns what came: the first {@link MAX_OUTPUT} of it, the last {@link KEPT_TAIL} of what was told line by line */
async function collect(
  stream: Readable,
  name: 'STDOUT' | 'STDERR',
  { onLine, ready, hear }: Pick<ComposeCall, 'onLine' | 'ready'> & { readonly hear: () => void },
): Promise<string> {
  let all = '';
  let rest = '';
  const tell = (line: string): void => {
    if (line.trim() !== '') onLine?.(line, name);
  };
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const text = String(chunk);
    hear();
    if (!onLine) {
      if (all.length < MAX_OUTPUT) all += text;
      continue;
    }
    all = (all + text).slice(-KEPT_TAIL);
    const lines = (rest + text).split(/\r?\n|\r/);
    rest = lines.pop() ?? '';
    lines.forEach(tell);
    if (rest.length > LONGEST_LINE) {
      tell(rest);
      rest = '';
    }
    await ready?.();
  }
  tell(rest);
  return all;
}

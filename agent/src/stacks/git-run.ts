import { spawn } from 'node:child_process';
import { AgentError } from '../errors.ts';
import { endGroup } from './process-group.ts';

/** More than any tree that is read (see git-tree.ts). Bytes. */
const MAX_OUTPUT = 48 * 1024 * 1024;
const MAX_COMPLAINT = 64 * 1024;
/** No file of Git's grows beyond: what is fetched comes as one. Blocks of 512 bytes, as POSIX counts them. */
const MAX_FILE_BLOCKS = (256 * 1024 * 1024) / 512;
/**
 * Address space of it and of what it starts: what a pack unfolds to is held in memory, and a small one may unfold to all that
 * the host has. KiB.
 */
const MAX_MEMORY = 2 * 1024 * 1024;
/** After SIGTERM. Ms. */
const LAST_WORDS = 5_000;
/** What a shell answers for a program that is not there (POSIX, 2.8.2). */
const NOT_FOUND = 127;

export interface GitCall {
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly input?: string;
  readonly signal: AbortSignal;
}

export interface GitOutput {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs git to its end, with what it started: as a process group of its own, and with a bound on what it writes.
 *
 * @throws AgentError GIT_UNAVAILABLE, GIT_ERROR for too much output, CANCELLED
 */
export async function runGit({ args, env, cwd, input = '', signal }: GitCall): Promise<GitOutput> {
  throwIfCancelled(signal);
  const limited = 'ulimit -f "$1" || exit 1; ulimit -v "$2" || exit 1; shift 2; exec git "$@"';
  const child = spawn(
    '/bin/sh',
    ['-c', limited, 'sh', String(MAX_FILE_BLOCKS), String(MAX_MEMORY), ...args],
    {
      cwd,
      env,
      detached: true,
      stdio: 'pipe',
    },
  );
  const stop = (): void => endGroup(child, LAST_WORDS);
  signal.addEventListener('abort', stop, { once: true });
  let tooMuch = false;
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_OUTPUT) chunks.push(chunk);
    else {
      if (!tooMuch) stop();
      tooMuch = true;
    }
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_COMPLAINT);
  });
  // It may end without having read all of it.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    throwIfCancelled(signal);
    if (tooMuch) throw new AgentError('GIT_ERROR', 'Git said more than is read of it.');
    if (code === NOT_FOUND) throw missing();
    return { code, stdout: Buffer.concat(chunks), stderr };
  } catch (error) {
    throw error instanceof AgentError ? error : missing(error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const missing = (cause?: unknown): AgentError =>
  new AgentError(
    'GIT_UNAVAILABLE',
    'There is no Git on this server. Install the package git (and openssh-client for ssh addresses), and try again; nothing needs to be restarted.',
    cause,
  );

function throwIfCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const late = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
  throw late
    ? new AgentError('GIT_ERROR', 'The repository took too long to answer.')
    : new AgentError('CANCELLED', 'It was cancelled.');
}

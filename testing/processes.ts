import { spawn } from 'node:child_process';
import { within } from './events.ts';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child that leads a process group of its own; the whole group is reaped on dispose. */
export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  /** Settles when it has ended and its output is complete. Never rejects. */
  readonly exit: Promise<Exit>;
  /** Everything printed so far, both streams in order of arrival. */
  output(): string;
  /** Standard output alone, so far. */
  stdout(): string;
  /**
   * The first match in the output, past or to come.
   *
   * @throws when the process ends or `limit` milliseconds pass without one; the message holds the end of the output
   */
  match(pattern: RegExp, limit?: number): Promise<RegExpExecArray>;
  /** Writes to standard input; `null` closes it. */
  write(text: string | null): void;
  /** Signals the leader alone. */
  kill(signal: NodeJS.Signals): void;
  /** Signals the whole group. */
  killGroup(signal: NodeJS.Signals): void;
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** The whole environment; {@link plainEnv} by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** How long the group may take to end by SIGTERM before SIGKILL on dispose, in milliseconds. */
  readonly grace?: number;
}

const groups = new Set<number>();

// A test run that dies must not leave servers behind: they would hold ports, engines and temporary folders.
process.on('exit', () => {
  for (const pid of groups) signalGroup(pid, 'SIGKILL');
});

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Already gone.
  }
}

/** This process's environment without what the test runner and npm put there, and with the project's tools on PATH. */
export function plainEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const foreign =
    /^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$|SERVERKIT_|DATABASE_URL$|REDIS_URL$|PORT$|HOST$|PUBLIC_URL$|container$)/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(own), ...extra };
}

/** Starts `command` in a group of its own: `await using server = startProcess('node', ['server.ts'])`. */
export function startProcess(
  command: string,
  args: readonly string[],
  { cwd, env = plainEnv(), grace = 10_000 }: ProcessOptions = {},
): TestProcess {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const { promise: exit, resolve: ended } = Promise.withResolvers<Exit>();
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  child.stdin.on('error', () => undefined); // It may end before it reads.

  let output = '';
  let stdout = '';
  const watchers = new Set<() => void>();
  const receive = (chunk: string): void => {
    output += chunk;
    for (const look of watchers) look();
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    receive(chunk);
  });
  child.stderr.setEncoding('utf8').on('data', receive);

  const pid = child.pid ?? 0;
  if (pid > 0) groups.add(pid);
  child.once('error', (error) => {
    fail(new Error(`could not start ${command}`, { cause: error }));
    if (pid === 0) ended({ code: null, signal: null });
  });
  child.once('close', (code, signal) => ended({ code, signal }));

  const tail = (): string => output.slice(-4000);
  return {
    pid,
    exit,
    output: () => output,
    stdout: () => stdout,
    async match(pattern, limit = 60_000) {
      const { promise, resolve } = Promise.withResolvers<RegExpExecArray>();
      const look = (): void => {
        const found = pattern.exec(output);
        if (found) resolve(found);
      };
      watchers.add(look);
      look();
      const ending = exit.then(({ code, signal }) => {
        look(); // The last line may have come with the end.
        throw new Error(`${command} ended (${signal ?? code}) before printing ${pattern}:\n${tail()}`);
      });
      try {
        return await within(Promise.race([promise, ending, failed]), `${command} to print ${pattern}`, limit);
      } catch (error) {
        throw new Error(`${String(error)}\n${tail()}`, { cause: error });
      } finally {
        ending.catch(() => undefined);
        watchers.delete(look);
      }
    },
    write(text) {
      if (text === null) child.stdin.end();
      else child.stdin.write(text);
    },
    kill: (signal) => void child.kill(signal),
    killGroup: (signal) => signalGroup(pid, signal),
    async [Symbol.asyncDispose]() {
      if (pid === 0) return;
      signalGroup(pid, 'SIGTERM');
      await within(exit, `${command} to end`, grace).catch(() => undefined);
      // The leader's children may outlive it, and hold its output open.
      signalGroup(pid, 'SIGKILL');
      await exit;
      groups.delete(pid);
    },
  };
}

/**
 * Runs a command to its end.
 *
 * @throws when it does not end with 0; the message holds its output
 */
export async function run(
  command: string,
  args: readonly string[],
  options?: ProcessOptions,
): Promise<string> {
  await using child = startProcess(command, args, options);
  child.write(null);
  const { code, signal } = await child.exit;
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}:\n${child.output()}`);
  return child.stdout();
}

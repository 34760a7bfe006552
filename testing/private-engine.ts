import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { eventually } from './events.ts';
import { run, startProcess, type TestProcess } from './processes.ts';
import { tempDir } from './tmp.ts';

/** A Docker engine of a test's own, which may be stopped and killed. Nothing of it is left afterwards. */
export interface PrivateEngine extends AsyncDisposable {
  readonly socket: string;
  /** Starts it; resolves once it answers. */
  start(): Promise<void>;
  /** As `systemctl stop` does. */
  stop(): Promise<void>;
  /** As the out-of-memory killer does, with what it had started. */
  kill(): Promise<void>;
  /** The docker command. */
  cli(...args: readonly string[]): Promise<string>;
}

/**
 * Lays out a private engine. It has a network namespace of its own: told to do without a bridge, an engine deletes
 * `docker0`, whosever it is.
 */
export async function privateEngine(): Promise<PrivateEngine> {
  const dir = await tempDir('sk-engine-');
  await mkdir(dir.file('run'));
  const socket = dir.file('run', 'docker.sock');
  let process: TestProcess | undefined;

  /** containerd and its shims lead sessions of their own, and name the folder in their arguments. */
  async function killRest(): Promise<void> {
    await eventually(async () => {
      const left = await processesOf(dir.path);
      for (const pid of left) kill(pid);
      return left.length === 0;
    }, 'the rest of the engine to end');
  }

  const engine: PrivateEngine = {
    socket,
    async start() {
      // A killed engine leaves pid files, and numbers are given out again.
      await rm(dir.file('run', 'docker.pid'), { force: true });
      await rm(dir.file('exec'), { recursive: true, force: true });
      const own = (...names: string[]): string => dir.file(...names);
      const options = `--host unix://${socket} --pidfile ${own('run', 'docker.pid')} --data-root ${own('data')} --exec-root ${own('exec')}
        --bridge none --iptables=false --ip6tables=false --storage-driver vfs`;
      process = startProcess('unshare', ['--net', 'dockerd', ...options.split(/\s+/)]);
      await process.match(/API listen on/);
    },
    async stop() {
      process?.kill('SIGTERM');
      await process?.exit;
    },
    async kill() {
      process?.kill('SIGKILL');
      await process?.exit;
      await killRest();
    },
    cli: (...args) => run('docker', ['--host', `unix://${socket}`, ...args]),
    async [Symbol.asyncDispose]() {
      await process?.[Symbol.asyncDispose]();
      await killRest();
      for (const mount of await mountsBelow(dir.path)) await run('umount', ['--lazy', mount]);
      await dir[Symbol.asyncDispose]();
    },
  };
  return engine;
}

async function processesOf(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).map(Number).filter(Number.isInteger)) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(`${folder}/`)) found.push(pid);
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Innermost first. */
async function mountsBelow(folder: string): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return mounts.filter((mount) => mount.startsWith(`${folder}/`)).toReversed();
}

import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
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
  /** Nothing of it answers any more, though it is there; what runs in containers goes on. */
  hang(): void;
  /** It answers again. */
  goOn(): void;
  /** The docker command. */
  cli(...args: readonly string[]): Promise<string>;
  /** Starts a command in its network, where nothing but loopback is. */
  beside(command: string, ...args: readonly string[]): TestProcess;
  /** Where it keeps everything. */
  readonly data: string;
}

export interface PrivateEngineOptions {
  /** Has it keep everything on a file system of its own, so large. Bytes. */
  readonly room?: number;
}

/**
 * Lays out a private engine. It has a network namespace of its own: told to do without a bridge, an engine deletes
 * `docker0`, whosever it is.
 */
export async function privateEngine({ room }: PrivateEngineOptions = {}): Promise<PrivateEngine> {
  const dir = await tempDir('sk-engine-');
  await mkdir(dir.file('run'));
  if (room !== undefined) {
    await mkdir(dir.file('data'));
    await run('mount', ['-t', 'tmpfs', '-o', `size=${room}`, 'tmpfs', dir.file('data')]);
  }
  const socket = dir.file('run', 'docker.sock');
  let process: TestProcess | undefined;

  /** Of its containers, and of no other engine's. */
  const cgroup = basename(dir.path);

  /**
   * containerd and its shims lead sessions of their own, and name the folder in their arguments. What runs in containers
   * goes on when they are killed, and is known by its control group alone.
   */
  async function killRest(): Promise<void> {
    await eventually(async () => {
      const left = await processesOf(dir.path, cgroup);
      for (const pid of left) kill(pid);
      return left.length === 0;
    }, 'the rest of the engine to end');
  }

  const engine: PrivateEngine = {
    socket,
    async start() {
      // A killed engine leaves pid files, and numbers are given out again.
      await rm(dir.file('run', 'docker.pid'), { force: true });
      for (const mount of await mountsBelow(dir.file('exec'))) await run('umount', ['--lazy', mount]);
      await rm(dir.file('exec'), { recursive: true, force: true });
      const own = (...names: string[]): string => dir.file(...names);
      const options = `--host unix://${socket} --pidfile ${own('run', 'docker.pid')} --data-root ${own('data')} --exec-root ${own('exec')}
        --bridge none --iptables=false --ip6tables=false --storage-driver vfs
        --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent /${cgroup}`;
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
    hang: () => process?.kill('SIGSTOP'),
    goOn: () => process?.kill('SIGCONT'),
    cli: (...args) => run('docker', ['--host', `unix://${socket}`, ...args]),
    beside(command, ...args) {
      if (!process) throw new Error('the engine was not started');
      return startProcess('nsenter', [`--net=/proc/${process.pid}/ns/net`, command, ...args]);
    },
    data: dir.file('data'),
    async [Symbol.asyncDispose]() {
      engine.goOn();
      await process?.[Symbol.asyncDispose]();
      await killRest();
      for (const mount of await mountsBelow(dir.path)) await run('umount', ['--lazy', mount]);
      await removeControlGroups(cgroup);
      await dir[Symbol.asyncDispose]();
    },
  };
  return engine;
}

async function processesOf(folder: string, cgroup: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).map(Number).filter(Number.isInteger)) {
    const arguments_ = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
    if (arguments_.includes(`${folder}/`) || groups.includes(`/${cgroup}/`)) found.push(pid);
  }
  return found;
}

/** An engine that was killed leaves those of its containers, one in every hierarchy where there are several. */
async function removeControlGroups(name: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  for (const [, place = '', type = ''] of mounts) {
    if (!type.startsWith('cgroup')) continue;
    const group = join(place, name);
    // Innermost first. A group's files are not to be removed, and go with it.
    const below = await readdir(group, { recursive: true, withFileTypes: true }).catch(() => undefined);
    if (!below) continue;
    const folders = below
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const folder of [group, ...folders].toSorted((a, b) => b.length - a.length)) await rmdir(folder);
  }
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

import { randomBytes } from 'node:crypto';
import { testImages } from './images.ts';
import { run } from './processes.ts';

/** Names the process that made a container, so that a later run can tell leftovers from another run's containers. */
const ownerLabel = 'serverkit.test.owner';

/** Stays until told to stop, and stops at once: PID 1 has no default signal handlers. */
const idle = ['sh', '-c', 'trap "exit 0" TERM INT; sleep infinity & wait'] as const;

/** Runs the docker CLI; the tests' own view of the engine, independent of the product's client. */
export const docker = (...args: readonly string[]): Promise<string> => run('docker', args);

/** A name that no other test, in this run or another, will choose. */
export const uniqueName = (prefix = 'serverkit-test'): string =>
  `${prefix}-${randomBytes(4).toString('hex')}`;

/** A real container, removed with its anonymous volumes on dispose. */
export interface TestContainer extends AsyncDisposable {
  /** Full 64-digit id. */
  readonly id: string;
  readonly name: string;
  /** The engine's own word for the state: created, running, paused, exited, … */
  state(): Promise<string>;
  /** `docker exec`, to its end. */
  exec(...command: readonly string[]): Promise<string>;
}

export interface ContainerOptions {
  readonly image?: string;
  /** What runs inside; by default something that idles and ends on SIGTERM. */
  readonly command?: readonly string[];
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Further options of `docker create`, for instance `['-p', '127.0.0.1::80']`. */
  readonly options?: readonly string[];
  /** Created only, when false. */
  readonly start?: boolean;
}

/** Makes a container: `await using box = await container({ command: ['sh', '-c', 'echo hello'] })`. */
export async function container({
  image = testImages.busybox,
  command = idle,
  name = uniqueName(),
  labels = {},
  options = [],
  start = true,
}: ContainerOptions = {}): Promise<TestContainer> {
  const tags = { ...labels, 'serverkit.test': name, [ownerLabel]: String(process.pid) };
  const labelled = Object.entries(tags).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
  const created = await docker('create', '--name', name, ...labelled, ...options, image, ...command);
  const id = created.trim();
  const dispose = async (): Promise<void> => {
    // A test may have removed it, and renamed it before: the id is what stays.
    await docker('rm', '--force', '--volumes', id).catch((error: unknown) => {
      if (!String(error).includes('No such container')) throw error;
    });
  };
  try {
    if (start) await docker('start', id);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    id,
    name,
    state: async () => (await docker('inspect', '--format', '{{.State.Status}}', id)).trim(),
    exec: (...words) => docker('exec', id, ...words),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Whether there is a process with this number. */
export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Removes the containers of test runs that were killed before they could; those of living ones stay. */
export async function removeLeftovers(): Promise<void> {
  const format = `{{.ID}} {{.Label "${ownerLabel}"}}`;
  const listed = await docker('ps', '--all', '--filter', `label=${ownerLabel}`, '--format', format);
  for (const line of listed.split('\n')) {
    const [id, owner] = line.split(' ');
    if (id && !isAlive(Number(owner))) await docker('rm', '--force', '--volumes', id);
  }
}

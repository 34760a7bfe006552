import { randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { eventually } from '../../testing/events.ts';
import { rootfsArchive } from '../../testing/images.ts';
import { plainEnv, run, startProcess, type TestProcess } from '../../testing/processes.ts';
import { tempDir } from '../../testing/tmp.ts';

/** A Debian machine of its own: file system, processes and network. */
export interface Machine extends AsyncDisposable {
  /** The root of its file system, seen from here. */
  readonly root: string;
  /** Our own address on the network it is attached to. */
  readonly hostAddress: string;
  /** What a line pasted into a root shell there does, typed into an interactive bash. */
  paste(line: string): TestProcess;
  /** Runs a command there as root to its end. @throws with its output when it fails */
  exec(...command: readonly string[]): Promise<string>;
  /** Silently drops every packet between it and us, until the answer is called. */
  dropPackets(): Promise<() => Promise<void>>;
}

/** This side's address on a network that a machine can be attached to. */
export interface Network extends AsyncDisposable {
  readonly hostAddress: string;
  /** Name of the network namespace at the other end. */
  readonly namespace: string;
  readonly machineAddress: string;
}

/** A cable to a network namespace: `await using cable = await network()`. */
export async function network(): Promise<Network> {
  const id = await freeNetwork();
  const [namespace, here, there] = [`sk${id}`, `skh${id}`, `skm${id}`];
  const [hostAddress, machineAddress] = [`10.219.${id}.1`, `10.219.${id}.2`];
  await using undo = new AsyncDisposableStack();
  await run('ip', ['netns', 'add', namespace]);
  undo.defer(async () => {
    await run('ip', ['netns', 'delete', namespace]);
  });
  await run('ip', ['link', 'add', here, 'type', 'veth', 'peer', 'name', there]);
  undo.defer(async () => {
    await run('ip', ['link', 'delete', here]).catch(() => undefined);
  });
  await run('ip', ['link', 'set', there, 'netns', namespace]);
  await run('ip', ['address', 'add', `${hostAddress}/24`, 'dev', here]);
  await run('ip', ['link', 'set', here, 'up']);
  const inside = ['netns', 'exec', namespace, 'ip'];
  await run('ip', [...inside, 'address', 'add', `${machineAddress}/24`, 'dev', there]);
  await run('ip', [...inside, 'link', 'set', there, 'up']);
  await run('ip', [...inside, 'link', 'set', 'lo', 'up']);
  const owned = undo.move();
  return { hostAddress, namespace, machineAddress, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function freeNetwork(): Promise<number> {
  const taken = new Set(
    Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address) ?? []),
  );
  return eventually(() => {
    const id = randomInt(1, 255);
    return taken.has(`10.219.${id}.1`) ? undefined : id;
  }, 'a network that nobody uses');
}

const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/** Runs as process 1 of the machine and does nothing but wait for orphans. */
const init = 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done';

/**
 * A machine with what `debootstrap --variant=minbase` installs and no systemd: neither curl nor wget, openssl or
 * certificates.
 */
export async function bareMachine(cable: Network): Promise<Machine> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempDir('serverkit-machine-'));
  const root = folder.file('root');
  await mkdir(root);
  await run('tar', ['-C', root, '-xf', rootfsArchive()]);
  await run('chroot', [root, 'dpkg', '--purge', '--force-depends', 'curl', 'ca-certificates', 'openssl']);
  await writeFile(`${root}/etc/hostname`, 'bare\n');
  const enter = [
    `mount --bind ${root} ${root}`,
    `mount -t proc proc ${root}/proc`,
    `mount -t sysfs -o ro sys ${root}/sys`,
    `mount -t tmpfs -o mode=755 dev ${root}/dev`,
    ...devices.map((name) => `touch ${root}/dev/${name} && mount --bind /dev/${name} ${root}/dev/${name}`),
    `ln -s /proc/self/fd ${root}/dev/fd`,
    `mount -t tmpfs -o mode=755 run ${root}/run`,
    'hostname bare',
    'echo machine is up',
    `exec chroot ${root} /bin/sh -c '${init}'`,
  ].join(' && ');
  const machine = undo.use(
    // prettier-ignore
    startProcess('ip', [
      'netns', 'exec', cable.namespace,
      'unshare', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child', '--propagation', 'private',
      'sh', '-c', enter,
    ]),
  );
  await machine.match(/machine is up/);
  const init1 = await childOf(machine.pid);
  const nsenter = ['-t', String(init1), '-m', '-p', '-u', '-i', '-n', '-r', '-w', '--'];
  const clean = [
    'env',
    '-i',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'HOME=/root',
  ];
  const owned = undo.move();
  return {
    root,
    hostAddress: cable.hostAddress,
    paste: (line) => pasteInto(['nsenter', ...nsenter, ...clean, 'TERM=dumb', 'bash', '-i'], line),
    exec: (...command) => run('nsenter', [...nsenter, ...clean, ...command]),
    dropPackets: () => dropPackets(cable.machineAddress),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The process behind `ip` and `unshare`, which the namespaces belong to. */
async function childOf(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const [child] = children.trim().split(' ').map(Number);
  if (!child) throw new Error('the machine has no first process');
  return child;
}

/** Types a line into an interactive shell on a terminal, and leaves with the line's exit status. */
export function pasteInto(shell: readonly string[], line: string): TestProcess {
  const command = shell.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const child = startProcess('script', ['-qfec', command, '/dev/null'], { env: plainEnv({ TERM: 'dumb' }) });
  child.write(`${line}\nexit\n`);
  return child;
}

/** @param address - of the other side */
export async function dropPackets(address: string): Promise<() => Promise<void>> {
  const rules = [
    ['INPUT', '-s', address, '-j', 'DROP'],
    ['OUTPUT', '-d', address, '-j', 'DROP'],
  ];
  for (const rule of rules) await run('iptables', ['--wait', '-I', ...rule]);
  return async () => {
    for (const rule of rules) await run('iptables', ['--wait', '-D', ...rule]);
  };
}

import { container, docker, uniqueName } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { testImages } from '../../testing/images.ts';
import { run } from '../../testing/processes.ts';
import { dropPackets, pasteInto, type Machine } from './machine.ts';

interface SystemdMachineOptions {
  /** A folder of ours, which it has as /shared. */
  readonly shared?: string;
  /** @default the bare one */
  readonly image?: string;
  /** Further folders of ours, as for `docker run --volume`. */
  readonly volumes?: readonly string[];
}

/** A Debian machine whose process 1 is systemd, as a container. */
export async function systemdMachine({
  shared,
  image = testImages.systemd,
  volumes = [],
}: SystemdMachineOptions = {}): Promise<Machine> {
  await using undo = new AsyncDisposableStack();
  const box = undo.use(
    await container({
      image,
      name: uniqueName('serverkit-systemd'),
      command: ['/sbin/init'],
      // prettier-ignore
      options: [
        '--tty', '--env', 'container=docker', '--cap-add', 'SYS_ADMIN', '--cgroupns', 'host',
        '--security-opt', 'apparmor=unconfined', '--security-opt', 'seccomp=unconfined',
        '--tmpfs', '/run', '--tmpfs', '/run/lock', '--tmpfs', '/tmp:exec',
        '--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw',
        ...[...(shared === undefined ? [] : [`${shared}:/shared`]), ...volumes].flatMap((one) => ['--volume', one]),
      ],
    }),
  );
  await eventually(
    async () =>
      /running|degraded/.test(
        await run('docker', ['exec', box.id, 'sh', '-c', 'systemctl is-system-running || true']),
      ),
    'systemd to be up',
  );
  const inspect = async (format: string) => (await docker('inspect', '--format', format, box.id)).trim();
  const address = await inspect('{{.NetworkSettings.IPAddress}}');
  const owned = undo.move();
  return {
    hostAddress: await inspect('{{.NetworkSettings.Gateway}}'),
    root: `/proc/${await inspect('{{.State.Pid}}')}/root`,
    paste: (line) => pasteInto(['docker', 'exec', '-it', '-e', 'TERM=dumb', box.id, 'bash', '-i'], line),
    exec: (...command) => box.exec(...command),
    dropPackets: () => dropPackets(address),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

import { expect } from 'vitest';
import { container, docker } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import { run } from '../../../testing/processes.ts';
import type { Comparison } from '../comparison.ts';

interface Change {
  readonly containerEvents: {
    readonly containers: readonly { readonly id: string; readonly state: string }[];
    readonly removedIds: readonly string[];
    readonly docker: { readonly version: string } | null;
  };
}
interface Used {
  readonly containerId: string;
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly pids: number;
  readonly networkReceivedBytes: number;
  readonly networkSentBytes: number;
  readonly blockReadBytes: number | null;
  readonly blockWriteBytes: number | null;
}

const units: Readonly<Record<string, number>> = {
  B: 1,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
};
function bytesOf(written: string): number {
  const [, value, unit = ''] = /^([\d.]+)(\w+)$/.exec(written.trim()) ?? [];
  return Number(value) * (units[unit.toUpperCase()] ?? Number.NaN);
}

export const containerStreams: readonly Comparison[] = [
  {
    title: 'what happens in a shell, as it happens',
    covers: [
      'Subscription.containerEvents',
      'ContainerEvent.containers',
      'ContainerEvent.removedIds',
      'ContainerEvent.docker',
    ],
    async run(rig) {
      await using box = await container();
      await using events = rig.subscribe<Change>(/* GraphQL */ `
        subscription ($serverId: ID!) {
          containerEvents(serverId: $serverId) {
            containers {
              id
              state
            }
            removedIds
            docker {
              version
            }
          }
        }
      `);
      const until = (state: string) =>
        events.next(
          ({ containerEvents }) =>
            containerEvents.containers.some((one) => one.id === box.id && one.state === state),
          state,
        );
      const { containerEvents } = await until('RUNNING');
      expect(containerEvents.docker?.version).toBe(
        (await docker('version', '--format', '{{.Server.Version}}')).trim(),
      );
      await docker('pause', box.id);
      await until('PAUSED');
      await docker('rm', '--force', box.id);
      await events.next(({ containerEvents: now }) => now.removedIds.includes(box.id), 'its removal');
    },
  },
  {
    title: 'a log, both streams of it',
    covers: ['Subscription.containerLogs', 'LogBatch.segments', 'LogSegment.stream', 'LogSegment.text'],
    async run(rig) {
      const script = 'for i in $(seq 300); do echo "out $i"; echo "err $i" >&2; done';
      await using box = await container({ command: ['sh', '-c', script] });
      await docker('wait', box.id);
      const logs = rig.subscribe<{ containerLogs: { segments: { stream: string; text: string }[] } }>(
        /* GraphQL */ `
          subscription ($serverId: ID!, $containerId: ID!) {
            containerLogs(serverId: $serverId, containerId: $containerId, follow: false, timestamps: true) {
              segments {
                stream
                text
              }
            }
          }
        `,
        { containerId: box.id },
      );
      await using closing = logs;
      const text = { STDOUT: '', STDERR: '' };
      await closing.next(({ containerLogs }) => {
        for (const { stream, text: more } of containerLogs.segments) {
          text[stream === 'STDERR' ? 'STDERR' : 'STDOUT'] += more;
        }
        return text.STDOUT.endsWith(' out 300\n') && text.STDERR.endsWith(' err 300\n');
      }, 'the whole log');
      const printed = (redirection: string): Promise<string> =>
        run('sh', ['-c', `docker logs --timestamps ${box.id} ${redirection}`]);
      expect(text.STDOUT).toBe(await printed('2>/dev/null'));
      expect(text.STDERR).toBe(await printed('2>&1 >/dev/null'));
    },
  },
  {
    title: 'what a running container uses',
    covers: [
      'Subscription.serverContainerStats',
      'ContainerStatsBatch.items',
      'Container.cpuPercent',
      'Container.memoryBytes',
      'ContainerStats.blockReadBytes',
      'ContainerStats.blockWriteBytes',
      'ContainerStats.containerId',
      'ContainerStats.cpuPercent',
      'ContainerStats.memoryBytes',
      'ContainerStats.memoryLimitBytes',
      'ContainerStats.networkReceivedBytes',
      'ContainerStats.networkSentBytes',
      'ContainerStats.pids',
    ],
    async run(rig) {
      const command = [
        'sh',
        '-c',
        'dd if=/dev/zero of=/tmp/x bs=1M count=8 2>/dev/null; while :; do :; done',
      ];
      // Percent of a core: so little that a machine others keep busy has it to give all the same.
      const quota = 10;
      const limits = ['--cpus', `${quota / 100}`, '--memory', '64m'];
      await using box = await container({ command, options: limits });
      await using stats = rig.subscribe<{ serverContainerStats: { items: Used[] } }>(/* GraphQL */ `
        subscription ($serverId: ID!) {
          serverContainerStats(serverId: $serverId) {
            items {
              containerId
              cpuPercent
              memoryBytes
              memoryLimitBytes
              pids
              networkReceivedBytes
              networkSentBytes
              blockReadBytes
              blockWriteBytes
            }
          }
        }
      `);
      const mine = (items: readonly Used[]) => items.find(({ containerId }) => containerId === box.id);
      const busy = ({
        serverContainerStats: { items },
      }: {
        serverContainerStats: { items: Used[] };
      }): boolean => (mine(items)?.cpuPercent ?? 0) > quota / 2;
      await stats.next(busy, 'it to work');
      const format = '{{.CPUPerc}} {{.MemUsage}} {{.NetIO}} {{.BlockIO}} {{.PIDs}}';
      let [cpu, memory] = ['', ''];
      // Two windows of a second each, on a machine that others use: the quota makes them comparable, sooner or later.
      await eventually(
        async () => {
          const line = await docker('stats', '--no-stream', '--format', format, box.id);
          const [, limit = '', received = '', sent = '', read = '', written = '', pids] = line
            .slice(line.indexOf(' '))
            .trim()
            .split(/ \/ | /);
          [cpu = '', memory = ''] = line.trim().split(' ');
          const ours = mine((await stats.next(busy)).serverContainerStats.items);
          expect(Math.abs((ours?.cpuPercent ?? 0) - Number.parseFloat(cpu))).toBeLessThan(quota / 2);
          expect(Math.abs((ours?.memoryBytes ?? 0) - bytesOf(memory))).toBeLessThan(2 ** 20);
          expect(ours?.memoryLimitBytes).toBe(bytesOf(limit));
          expect(ours?.pids).toBe(Number(pids));
          // The command rounds to three digits, and a bridge says a word of its own now and then.
          expect(Math.abs((ours?.networkReceivedBytes ?? 0) - bytesOf(received))).toBeLessThan(2_000);
          expect(Math.abs((ours?.networkSentBytes ?? 0) - bytesOf(sent))).toBeLessThan(2_000);
          expect(Math.abs((ours?.blockReadBytes ?? 0) - bytesOf(read))).toBeLessThan(2 ** 20);
          expect(Math.abs((ours?.blockWriteBytes ?? 0) - bytesOf(written))).toBeLessThan(2 ** 20);
          return true;
        },
        'both to say the same',
        { limit: 60_000 },
      );
      const near = async (): Promise<boolean> => {
        const { server } = await rig.query<{
          server: { containers: { id: string; cpuPercent: number; memoryBytes: number }[] };
        }>(/* GraphQL */ `
          query ($serverId: ID!) {
            server(id: $serverId) {
              containers {
                id
                cpuPercent
                memoryBytes
              }
            }
          }
        `);
        const listed = server.containers.find(({ id }) => id === box.id);
        expect(Math.abs((listed?.memoryBytes ?? 0) - bytesOf(memory))).toBeLessThan(2 ** 20);
        return Math.abs((listed?.cpuPercent ?? 0) - Number.parseFloat(cpu)) < quota / 2;
      };
      // Lists tell the mean since a reading some seconds ago, when it may just have begun.
      await eventually(near, 'the list to say the same', { limit: 60_000 });
    },
  },
];

import { expect, test } from 'vitest';
import { container, docker as cli } from '../../../testing/docker.ts';
import { eventually, nextItem } from '../../../testing/events.ts';
import { describeWith } from '../../../testing/parts.ts';
import type { ContainerStats, ContainerStatsBatch } from './container.ts';
import { connected, forever } from './testing.ts';
import { UsageMeter } from './usage.ts';

/** Half of one core, some memory, and a file in the cache, which does not count as used. */
const worker = [
  'sh',
  '-c',
  'dd if=/dev/zero of=/tmp/cached bs=1M count=20 2>/dev/null; cat /tmp/cached >/dev/null; while :; do :; done',
];

const units: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** What the docker command says, in numbers. */
async function told(id: string): Promise<{ cpu: number; memory: number; pids: number }> {
  const line = await cli('stats', '--no-stream', '--format', '{{.CPUPerc}} {{.MemUsage}} {{.PIDs}}', id);
  const [, cpu, memory, unit = '', pids] = /^([\d.]+)% ([\d.]+)(\w+) \/ \S+ (\d+)/.exec(line) ?? [];
  return { cpu: Number(cpu), memory: Number(memory) * (units[unit] ?? Number.NaN), pids: Number(pids) };
}

const find = ({ items }: ContainerStatsBatch, id: string): ContainerStats | undefined =>
  items.find((item) => item.id === id);

describeWith('docker', 'use of containers', () => {
  test.each([
    ['the control groups', undefined],
    ['the engine', new UsageMeter(null)],
  ])('agrees with docker stats, told by %s', async (_name, usage) => {
    using docker = await connected(usage ? { usage } : {});
    await using box = await container({ command: worker, options: ['--cpus', '0.5', '--memory', '128m'] });
    const stats = docker.stats(1000, forever);
    await nextItem(
      stats,
      (batch) => (find(batch, box.id)?.cpuPercent ?? 0) > 30,
      'the worker to work',
      20_000,
    );
    const theirs = await told(box.id);
    const batch = await nextItem(stats, (one) => find(one, box.id) !== undefined);
    const ours = find(batch, box.id);
    // Two windows of a second each, on a shared machine: the quota makes them comparable.
    expect(ours?.cpuPercent).toBeGreaterThan(theirs.cpu - 15);
    expect(ours?.cpuPercent).toBeLessThan(theirs.cpu + 15);
    expect(Math.abs((ours?.memoryBytes ?? 0) - theirs.memory)).toBeLessThan(2 * 2 ** 20);
    expect(ours?.memoryLimitBytes).toBe(128 * 2 ** 20);
    expect(ours?.pids).toBe(theirs.pids);
    expect(ours?.networkReceivedBytes).toBeGreaterThan(0);
    await stats.return();
  });

  test('a container that shares the network of the host has no bytes of its own', async () => {
    using docker = await connected();
    await using box = await container({ options: ['--network', 'host'] });
    const stats = docker.stats(1000, forever);
    const batch = await nextItem(stats, (one) => find(one, box.id) !== undefined);
    expect(find(batch, box.id)).toMatchObject({ networkReceivedBytes: null, networkSentBytes: null });
    await stats.return();
  });

  test('lists tell it too, from readings that were taken before', async () => {
    using docker = await connected();
    await using box = await container({ command: worker, options: ['--cpus', '0.5'] });
    const listed = async () =>
      (await docker.list({ all: false, ids: [box.id], first: 1, after: null })).items[0];
    await eventually(() => docker.counts()?.containersRunning, 'the container to be known');
    docker.measure();
    const busy = await eventually(async () => {
      const one = await listed();
      return one?.cpuPercent !== null && (one?.cpuPercent ?? 0) > 20 ? one : undefined;
    }, 'the list to tell');
    expect(busy.memoryBytes).toBeGreaterThan(0);
    await cli('stop', '--time', '0', box.id);
    const stopped = await eventually(async () => {
      const { items } = await docker.list({ all: true, ids: [box.id], first: 1, after: null });
      return items[0]?.state === 'EXITED' && items[0];
    }, 'the container to stop');
    expect(stopped).toMatchObject({ cpuPercent: null, memoryBytes: null, memoryLimitBytes: null });
  });

  test('one that comes and goes is in exactly while it runs', async () => {
    using docker = await connected();
    const stats = docker.stats(1000, forever);
    await using box = await container();
    await nextItem(stats, (batch) => find(batch, box.id) !== undefined, 'it to come');
    await cli('stop', box.id);
    await nextItem(stats, (batch) => find(batch, box.id) === undefined, 'it to go');
    await stats.return();
  });
});

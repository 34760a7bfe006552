import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { statsOf, StatsStreams } from './stats-stream.ts';

const reply = {
  cpu_stats: { cpu_usage: { total_usage: 3_000_000_000 }, system_cpu_usage: 20_000_000_000, online_cpus: 2 },
  precpu_stats: { cpu_usage: { total_usage: 2_000_000_000 }, system_cpu_usage: 16_000_000_000 },
  memory_stats: { usage: 5000, limit: 100_000, stats: { inactive_file: 1000 } },
  networks: { eth0: { rx_bytes: 1, tx_bytes: 2 }, eth1: { rx_bytes: 10, tx_bytes: 20 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: 'Read', value: 7 },
      { op: 'Write', value: 8 },
      { op: 'read', value: 1 },
    ],
  },
  pids_stats: { current: 4 },
};

test('counts as the docker command does', () => {
  expect(statsOf('x', reply)).toEqual({
    id: 'x',
    cpuPercent: 50,
    memoryBytes: 4000,
    memoryLimitBytes: 100_000,
    networkReceivedBytes: 11,
    networkSentBytes: 22,
    blockReadBytes: 8,
    blockWrittenBytes: 8,
    pids: 4,
  });
});

test('the first reply has nothing to compare with', () => {
  expect(statsOf('x', { ...reply, precpu_stats: { cpu_usage: { total_usage: 0 } } })?.cpuPercent).toBe(0);
});

test('a container that does not run says nothing', () => {
  expect(statsOf('x', { read: '0001-01-01T00:00:00Z', memory_stats: {} })).toBeUndefined();
});

test('without a network of its own there are no bytes', () => {
  const { networks: _, ...without } = reply;
  expect(statsOf('x', without)).toMatchObject({ networkReceivedBytes: null, networkSentBytes: null });
});

test('what an engine that hangs said last is not told for ever, and it is heard again when it goes on', async () => {
  const stream = new PassThrough();
  let now = 0;
  const streams = new StatsStreams({ stream: () => Promise.resolve(stream) }, () => now);
  streams.watch(new Set(['x']));
  stream.write(`${JSON.stringify(reply)}\n`);
  await eventually(() => streams.latest('x'), 'the first figures');
  now = 60_000;
  expect(streams.latest('x')).toBeUndefined();
  stream.write(`${JSON.stringify(reply)}\n`);
  await eventually(() => streams.latest('x'), 'the next figures');
  streams.close();
});

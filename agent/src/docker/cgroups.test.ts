import { mkdir, rm, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { findCgroup, findMounts } from './cgroups.ts';

const id = 'd'.repeat(64);

async function files(dir: TempDir, contents: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(contents)) {
    await mkdir(path.dirname(dir.file(name)), { recursive: true });
    await writeFile(dir.file(name), text);
  }
}

test('tells the two versions apart, and hosts that have both', () => {
  expect(findMounts('cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n')).toEqual({
    version: 2,
    unified: '/sys/fs/cgroup',
  });
  expect(
    findMounts(`cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
`),
  ).toEqual({
    version: 1,
    controllers: new Map([
      ['cpuacct', '/sys/fs/cgroup/cpu,cpuacct'],
      ['memory', '/sys/fs/cgroup/memory'],
    ]),
  });
  expect(findMounts('proc /proc proc rw 0 0\n')).toBeNull();
});

test.each([`system.slice/docker-${id}.scope`, `docker/${id}`])('version 2, in %s', async (place) => {
  await using dir = await tempDir();
  await files(dir, {
    [`${place}/cpu.stat`]: 'usage_usec 2500000\nuser_usec 2000000\n',
    [`${place}/memory.current`]: '10000\n',
    [`${place}/memory.stat`]: 'anon 1\ninactive_file 4000\nactive_file 9\n',
    [`${place}/memory.max`]: '50000\n',
    [`${place}/io.stat`]: '8:0 rbytes=100 wbytes=200 rios=1\n8:16 rbytes=11 wbytes=22 rios=1\n',
    [`${place}/pids.current`]: '7\n',
  });
  const cgroup = findCgroup({ version: 2, unified: dir.path }, id, null);
  expect(cgroup?.cpu()).toBe(2_500_000_000);
  expect(cgroup?.read()).toEqual({
    cpuNanoseconds: 2_500_000_000,
    memoryBytes: 6000,
    memoryLimitBytes: 50_000,
    blockReadBytes: 111,
    blockWrittenBytes: 222,
    pids: 7,
  });
});

test('version 1', async () => {
  await using dir = await tempDir();
  const at = (controller: string): string => `${controller}/docker/${id}`;
  await files(dir, {
    [`${at('cpuacct')}/cgroup.procs`]: '1\n',
    [`${at('cpuacct')}/cpuacct.usage`]: '123456789\n',
    [`${at('memory')}/cgroup.procs`]: '1\n',
    [`${at('memory')}/memory.usage_in_bytes`]: '9000\n',
    [`${at('memory')}/memory.stat`]: 'inactive_file 1\ntotal_inactive_file 1000\n',
    [`${at('memory')}/memory.limit_in_bytes`]: '9223372036854771712\n',
    [`${at('blkio')}/cgroup.procs`]: '1\n',
    [`${at('blkio')}/blkio.throttle.io_service_bytes_recursive`]:
      '8:0 Read 5\n8:0 Write 6\n8:0 Total 11\nTotal 11\n',
  });
  const controllers = new Map(['cpuacct', 'memory', 'blkio'].map((name) => [name, dir.file(name)]));
  expect(findCgroup({ version: 1, controllers }, id, null)?.read()).toEqual({
    cpuNanoseconds: 123_456_789,
    memoryBytes: 8000,
    memoryLimitBytes: totalmem(),
    blockReadBytes: 5,
    blockWrittenBytes: 6,
    pids: null,
  });
});

test('no limit is the memory of the host', async () => {
  await using dir = await tempDir();
  await files(dir, { [`docker/${id}/cpu.stat`]: 'usage_usec 1\n', [`docker/${id}/memory.max`]: 'max\n' });
  expect(findCgroup({ version: 2, unified: dir.path }, id, null)?.read()?.memoryLimitBytes).toBe(totalmem());
});

test('a group that cannot be seen from here is none, one that vanished says nothing', async () => {
  await using dir = await tempDir();
  expect(findCgroup({ version: 2, unified: dir.path }, id, null)).toBeNull();
  await files(dir, { [`docker/${id}/cpu.stat`]: 'usage_usec 1\n' });
  const cgroup = findCgroup({ version: 2, unified: dir.path }, id, null);
  await rm(dir.file('docker'), { recursive: true });
  expect(cgroup?.read()).toBeUndefined();
});

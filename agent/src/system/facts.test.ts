import { hostname } from 'node:os';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { noEngine } from '../docker/probe.ts';
import { createFacts, parseOsRelease } from './facts.ts';
import { machineIdOf } from './machine-id.ts';
import { virtualization } from './virtualization.ts';

test('describes this host', async () => {
  await using dir = await tempDir();
  const facts = createFacts({
    stateDir: dir.path,
    supervisor: 'none',
    docker: () => noEngine('none here'),
    diskBytes: () => 5,
  }).current();
  expect(facts).toMatchObject({
    hostname: hostname(),
    diskBytes: 5,
    supervisor: 'none',
    nodeVersion: process.versions.node,
  });
  expect(facts.cpuCount).toBeGreaterThan(0);
  expect(facts.memoryBytes).toBeGreaterThan(2 ** 26);
  expect(facts.bootedAt).toBeLessThan(Date.now());
  expect(facts.addresses).not.toContain('127.0.0.1');
  expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
});

test('the machine id itself leaves the host in no form', async () => {
  await using dir = await tempDir();
  const id = '3d1219c7c4c5404aaa1f6d2a48adfda4';
  await writeFile(dir.file('machine-id'), `${id}\n`);
  await writeFile(dir.file('other'), '00000000000000000000000000000001\n');
  const ours = machineIdOf(dir.path, [dir.file('machine-id')]);
  expect(ours).toMatch(/^[0-9a-f]{32}$/);
  expect(ours).not.toBe(id);
  expect(machineIdOf(dir.path, [dir.file('machine-id')])).toBe(ours);
  expect(machineIdOf(dir.path, [dir.file('other')])).not.toBe(ours);
});

test('a host without a machine id keeps one of its own', async () => {
  await using dir = await tempDir();
  const first = machineIdOf(dir.file('state'), []);
  expect(machineIdOf(dir.file('state'), [])).toBe(first);
  expect(await readFile(dir.file('state', 'machine-id'), 'utf8')).not.toContain(first);
});

test('an image that is yet to get its machine id counts as having none', async () => {
  await using dir = await tempDir();
  await writeFile(dir.file('uninitialized'), 'uninitialized\n');
  await writeFile(dir.file('empty'), '');
  expect(machineIdOf(dir.path, [dir.file('uninitialized'), dir.file('empty')])).toBe(
    machineIdOf(dir.path, []),
  );
});

test('os-release with every kind of quotes', () => {
  expect(parseOsRelease('NAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\n')).toEqual({
    osName: 'Debian GNU/Linux',
    osVersion: '12 (bookworm)',
  });
  expect(parseOsRelease('NAME=\'Arch "x"\'\nBUILD_ID=rolling\n')).toEqual({
    osName: 'Arch "x"',
    osVersion: '',
  });
  expect(parseOsRelease('NAME="a\\"b\\$c"\nVERSION_ID=3.20\n')).toEqual({
    osName: 'a"b$c',
    osVersion: '3.20',
  });
});

test('tells a virtual machine by its firmware, a container by its marks', async () => {
  await using dir = await tempDir();
  await mkdir(dir.file('sys/class/dmi/id'), { recursive: true });
  await mkdir(dir.file('proc'));
  await mkdir(dir.file('run/systemd'), { recursive: true });
  await writeFile(dir.file('proc/cpuinfo'), 'flags\t\t: fpu vme\n');
  expect(virtualization(dir.path)).toBeNull();
  await writeFile(dir.file('proc/cpuinfo'), 'flags\t\t: fpu hypervisor vme\n');
  expect(virtualization(dir.path)).toBe('vm');
  await writeFile(dir.file('sys/class/dmi/id/sys_vendor'), 'VMware, Inc.\n');
  expect(virtualization(dir.path)).toBe('vmware');
  await writeFile(dir.file('run/systemd/container'), 'systemd-nspawn\n');
  expect(virtualization(dir.path)).toBe('systemd-nspawn');
});

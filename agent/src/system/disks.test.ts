import { expect, test } from 'vitest';
import { diskRates, parseDiskstats, perSecond } from './disks.ts';

const diskstats = `   7       0 loop0 10 0 100 0 0 0 0 0 0 0 0
   8       0 sda 100 0 2000 50 60 0 4000 70 0 80 90 0 0 0 0
   8       1 sda1 90 0 1800 50 60 0 4000 70 0 80 90
 259       0 nvme0n1 5 0 16 1 0 0 0 0 0 1 1
 259       1 nvme0c0n1 5 0 16 1 0 0 0 0 0 1 1
 253       0 dm-0 1 0 8 0 0 0 0 0 0 0 0
   9       0 md0 1 0 8 0 0 0 0 0 0 0 0
 104       0 cciss/c0d0 1 0 2 0 0 0 4 0 0 0 0
`;
const whole = new Set(['sda', 'nvme0n1', 'nvme0c0n1', 'dm-0', 'md0', 'loop0', 'cciss/c0d0']);

test('counts whole disks, in bytes, and none that is made of others', () => {
  const disks = parseDiskstats(diskstats, (name) => whole.has(name));
  expect([...disks]).toEqual([
    ['sda', { read: 2000 * 512, written: 4000 * 512 }],
    ['nvme0n1', { read: 16 * 512, written: 0 }],
    ['cciss/c0d0', { read: 1024, written: 2048 }],
  ]);
});

test('rates are means over the time between', () => {
  const before = new Map([['sda', { read: 1000, written: 0 }]]);
  const now = new Map([
    ['sda', { read: 2000, written: 100 }],
    ['sdb', { read: 5_000_000, written: 5_000_000 }],
  ]);
  expect(diskRates(before, now, 3)).toEqual([
    { name: 'sda', readBytesPerSecond: 333.33, writeBytesPerSecond: 33.33 },
    { name: 'sdb', readBytesPerSecond: 0, writeBytesPerSecond: 0 },
  ]);
});

test('a counter that was reset says nothing, and neither does no time', () => {
  expect(perSecond(5000, 10, 1)).toBe(0);
  expect(perSecond(0, 10, 0)).toBe(0);
});

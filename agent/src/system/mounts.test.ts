import { statfs, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { MountMeter, parseMountinfo } from './mounts.ts';

test('shows real file systems, each once, at its shortest path', () => {
  const mounts = parseMountinfo(`22 27 0:21 / /proc rw - proc proc rw
23 27 0:22 / /sys rw - sysfs sysfs rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
28 27 0:25 / /run rw - tmpfs tmpfs rw
40 27 8:17 / /srv/data rw shared:7 - xfs /dev/sdb1 rw
41 27 8:17 /photos /home/me/photos rw - xfs /dev/sdb1 rw
42 27 254:0 /var/lib/docker /var/lib/docker rw shared:1 - ext4 /dev/vda rw
43 27 0:50 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay rw,lowerdir=/a
44 27 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro
45 27 0:60 / /tank rw - zfs tank rw
46 27 0:61 / /mnt/backup rw - nfs4 nas:/backup rw
47 27 253:2 / /with\\040space\\134 rw - btrfs /dev/mapper/vg-lv rw,subvol=/
48 27 253:2 /@home /with\\040space\\134/home rw - btrfs /dev/mapper/vg-lv rw,subvol=/@home
49 27 0:70 / /caf\\303\\251 rw - virtiofs share rw
50 27 0:71 / /auto rw - autofs systemd-1 rw
`);
  expect(mounts).toEqual([
    { path: '/', device: '/dev/vda', fsType: 'ext4' },
    { path: '/café', device: 'share', fsType: 'virtiofs' },
    { path: '/mnt/backup', device: 'nas:/backup', fsType: 'nfs4' },
    { path: '/srv/data', device: '/dev/sdb1', fsType: 'xfs' },
    { path: '/tank', device: 'tank', fsType: 'zfs' },
    { path: '/with space\\', device: '/dev/mapper/vg-lv', fsType: 'btrfs' },
  ]);
});

test('what the host itself stands on shows, whatever it is', () => {
  expect(parseMountinfo('1 0 0:5 / / rw - overlay overlay rw,lowerdir=/x\n')).toEqual([
    { path: '/', device: 'overlay', fsType: 'overlay' },
  ]);
});

test('the usage of a mount is what statfs says', async () => {
  await using dir = await tempDir();
  await writeFile(dir.file('mountinfo'), `1 0 8:1 / ${dir.path} rw - ext4 /dev/sda1 rw\n`);
  const [mount] = await new MountMeter(dir.file('mountinfo')).read();
  const { blocks, bsize } = await statfs(dir.path);
  expect(mount).toMatchObject({
    path: dir.path,
    device: '/dev/sda1',
    fsType: 'ext4',
    totalBytes: blocks * bsize,
  });
  expect(mount?.usedBytes).toBeGreaterThan(0);
  expect(mount?.availableBytes).toBeLessThanOrEqual(mount?.totalBytes ?? 0);
});

test('a mount that cannot be asked is left out, and forgotten when it goes', async () => {
  await using dir = await tempDir();
  const line = (path: string): string => `1 0 8:1 / ${path} rw - ext4 /dev${path} rw\n`;
  await writeFile(dir.file('mountinfo'), line(dir.path) + line(dir.file('gone')));
  const meter = new MountMeter(dir.file('mountinfo'));
  expect((await meter.read()).map((mount) => mount.path)).toEqual([dir.path]);
  await writeFile(dir.file('mountinfo'), '');
  expect(await meter.read()).toEqual([]);
});

import { existsSync } from 'node:fs';
import { round2, type DiskRate } from './sample.ts';

export interface DiskBytes {
  readonly read: number;
  readonly written: number;
}

/** In /proc/diskstats a sector is 512 bytes, whatever the disk's own is (Documentation/admin-guide/iostats.rst). */
const SECTOR = 512;

/** Made of other disks, or of memory: counting them too would count twice. */
const derived = /^(loop|ram|zram|sr|fd|dm-|md|drbd|nvme\d+c\d+n)/;

/** Bytes since boot by disk. */
export function parseDiskstats(
  diskstats: string,
  isWhole: (name: string) => boolean,
): Map<string, DiskBytes> {
  const disks = new Map<string, DiskBytes>();
  for (const line of diskstats.split('\n')) {
    const [, , name, , , read, , , , written] = line.trim().split(/\s+/);
    if (name === undefined || derived.test(name) || !isWhole(name)) continue;
    disks.set(name, { read: Number(read) * SECTOR, written: Number(written) * SECTOR });
  }
  return disks;
}

const wholeDisks = new Map<string, boolean>();

/** Partitions have no entry of their own in /sys/block. What a name stands for does not change while we run. */
export function isWholeDisk(name: string): boolean {
  const known = wholeDisks.get(name);
  if (known !== undefined) return known;
  const whole = existsSync(`/sys/block/${name.replaceAll('/', '!')}`);
  wholeDisks.set(name, whole);
  return whole;
}

export function diskRates(
  before: ReadonlyMap<string, DiskBytes>,
  now: ReadonlyMap<string, DiskBytes>,
  seconds: number,
): DiskRate[] {
  return [...now].map(([name, bytes]) => {
    const earlier = before.get(name) ?? bytes;
    return {
      name,
      readBytesPerSecond: perSecond(earlier.read, bytes.read, seconds),
      writeBytesPerSecond: perSecond(earlier.written, bytes.written, seconds),
    };
  });
}

/** A counter that went back was reset (device replugged, driver reloaded): nothing can be said of that interval. */
export function perSecond(before: number, now: number, seconds: number): number {
  return seconds > 0 ? round2(Math.max(0, now - before) / seconds) : 0;
}

import { createHash } from 'node:crypto';
import { Packer, Unpacker } from './packed-numbers.ts';
import type { Sample } from './sample.ts';

/**
 * The names in a sample (mount points, disks, interfaces, sensors). They hardly ever change, so they are stored once and
 * each sample keeps only the numbers.
 */
export interface Shape {
  /** 64 bits of the SHA-256 of the body, as 16 hexadecimal digits. */
  readonly hash: string;
  /** JSON text. */
  readonly body: string;
  readonly names: ShapeNames;
}

interface ShapeNames {
  readonly cores: number;
  readonly mounts: readonly (readonly [path: string, device: string, fsType: string])[];
  readonly disks: readonly string[];
  readonly networks: readonly string[];
  readonly temperatures: readonly string[];
}

type Lists = Pick<Sample, 'cpuCores' | 'mounts' | 'disks' | 'networks' | 'temperatures'>;

/** @param last - the shape of the sample before, given again if it still fits */
export function shapeOf(sample: Lists, last?: Shape): Shape {
  if (last && fits(sample, last.names)) return last;
  const names: ShapeNames = {
    cores: sample.cpuCores.length,
    mounts: sample.mounts.map(({ path, device, fsType }) => [path, device, fsType] as const),
    disks: sample.disks.map(({ name }) => name),
    networks: sample.networks.map(({ name }) => name),
    temperatures: sample.temperatures.map(({ label }) => label),
  };
  const body = JSON.stringify([names.cores, names.mounts, names.disks, names.networks, names.temperatures]);
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { hash, body, names };
}

function fits(sample: Lists, names: ShapeNames): boolean {
  return (
    sample.cpuCores.length === names.cores &&
    same(sample.mounts, names.mounts, (mount, [path, device, fsType]) => {
      return mount.path === path && mount.device === device && mount.fsType === fsType;
    }) &&
    same(sample.disks, names.disks, ({ name }, known) => name === known) &&
    same(sample.networks, names.networks, ({ name }, known) => name === known) &&
    same(sample.temperatures, names.temperatures, ({ label }, known) => label === known)
  );
}

function same<A, B>(left: readonly A[], right: readonly B[], equal: (a: A, b: B) => boolean): boolean {
  return (
    left.length === right.length &&
    left.every((item, index) => {
      const other = right[index];
      return other !== undefined && equal(item, other);
    })
  );
}

/** The numbers of the lists, in the order of the shape. */
export function packDetail(sample: Lists): Buffer {
  const packer = new Packer();
  for (const core of sample.cpuCores) packer.decimal(core);
  for (const { totalBytes, usedBytes, availableBytes } of sample.mounts) {
    packer.whole(totalBytes);
    packer.whole(usedBytes);
    packer.whole(availableBytes);
  }
  for (const { readBytesPerSecond, writeBytesPerSecond } of sample.disks) {
    packer.decimal(readBytesPerSecond);
    packer.decimal(writeBytesPerSecond);
  }
  for (const { receivedBytesPerSecond, sentBytesPerSecond } of sample.networks) {
    packer.decimal(receivedBytesPerSecond);
    packer.decimal(sentBytesPerSecond);
  }
  for (const { celsius } of sample.temperatures) packer.decimal(celsius);
  return packer.finish();
}

/** What {@link packDetail} packed, value for value. */
export function unpackDetail(body: string, detail: Uint8Array): Lists {
  const [cores, mounts, disks, networks, temperatures] = parseBody(body);
  const numbers = new Unpacker(detail);
  return {
    cpuCores: Array.from({ length: cores }, () => numbers.decimal()),
    mounts: mounts.map(([path, device, fsType]) => ({
      path,
      device,
      fsType,
      totalBytes: numbers.whole(),
      usedBytes: numbers.whole(),
      availableBytes: numbers.whole(),
    })),
    disks: disks.map((name) => ({
      name,
      readBytesPerSecond: numbers.decimal(),
      writeBytesPerSecond: numbers.decimal(),
    })),
    networks: networks.map((name) => ({
      name,
      receivedBytesPerSecond: numbers.decimal(),
      sentBytesPerSecond: numbers.decimal(),
    })),
    temperatures: temperatures.map((label) => ({ label, celsius: numbers.decimal() })),
  };
}

type Body = [number, [string, string, string][], string[], string[], string[]];

/** Our own writing, so it is trusted to be what {@link shapeOf} wrote. */
const parseBody: (body: string) => Body = JSON.parse;

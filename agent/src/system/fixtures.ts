import type { Measurement } from './sample.ts';

/** A measurement for tests that do not care what was measured. */
export function measurement(over: Partial<Measurement> = {}): Measurement {
  return {
    at: 1_700_000_000_000,
    monotonicMs: 1000,
    cpuPercent: 12.34,
    cpuCores: [10, 14.68],
    load1: 0.5,
    load5: 0.25,
    load15: 0.1,
    memoryTotalBytes: 16_000_000_000,
    memoryUsedBytes: 8_000_000_000,
    swapTotalBytes: 0,
    swapUsedBytes: 0,
    uptimeSeconds: 3600,
    mounts: [
      { path: '/', device: '/dev/vda', fsType: 'ext4', totalBytes: 100, usedBytes: 50, availableBytes: 45 },
    ],
    disks: [{ name: 'vda', readBytesPerSecond: 0, writeBytesPerSecond: 1024.5 }],
    networks: [{ name: 'eth0', receivedBytesPerSecond: 100, sentBytesPerSecond: 200 }],
    temperatures: [],
    containersTotal: null,
    containersRunning: null,
    imagesTotal: null,
    ...over,
  };
}

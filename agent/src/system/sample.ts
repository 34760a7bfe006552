/** Usage of one mounted file system. `used` + `available` is less than `total` where blocks are reserved for root. */
export interface MountUsage {
  readonly path: string;
  readonly device: string;
  readonly fsType: string;
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** What an unprivileged process can still write, as `df` shows it. */
  readonly availableBytes: number;
}

/** Mean rates of one whole disk since the sample before. */
export interface DiskRate {
  readonly name: string;
  readonly readBytesPerSecond: number;
  readonly writeBytesPerSecond: number;
}

/** Mean rates of one network interface since the sample before. */
export interface NetworkRate {
  readonly name: string;
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
}

export interface Temperature {
  readonly label: string;
  readonly celsius: number;
}

/**
 * What the host measured at one moment. Every number that is not whole has at most two decimals, so that it
 * comes back unchanged from JSON and from a PostgreSQL double.
 */
export interface Measurement {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** Monotonic clock, ms since an arbitrary point that is the same for one `epoch`. */
  readonly monotonicMs: number;
  /** 0–100 % of all cores together, mean since the measurement before. */
  readonly cpuPercent: number;
  /** 0–100 % each; empty when switched off in the configuration. */
  readonly cpuCores: readonly number[];
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  readonly memoryTotalBytes: number;
  /** Total less what the kernel calls available: page cache that can be dropped is not used memory. */
  readonly memoryUsedBytes: number;
  readonly swapTotalBytes: number;
  readonly swapUsedBytes: number;
  readonly uptimeSeconds: number;
  readonly mounts: readonly MountUsage[];
  readonly disks: readonly DiskRate[];
  readonly networks: readonly NetworkRate[];
  readonly temperatures: readonly Temperature[];
  /** Null without Docker. */
  readonly containersTotal: number | null;
  readonly containersRunning: number | null;
  readonly imagesTotal: number | null;
}

/** Where a stored sample stands: `epoch` is random per agent start, `seq` counts from 0 within it. */
export interface SampleCursor {
  readonly epoch: string;
  readonly seq: number;
}

/** A measurement that has its place in the ring, and is stored by the control plane. */
export interface StoredSample extends Measurement, SampleCursor {}

/** Two decimals, halves away from zero; the result survives JSON and `double precision` unchanged. */
export function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

const numbers = [
  'seq',
  'at',
  'monotonicMs',
  'cpuPercent',
  'load1',
  'load5',
  'load15',
  'memoryTotalBytes',
  'memoryUsedBytes',
  'swapTotalBytes',
  'swapUsedBytes',
  'uptimeSeconds',
] as const;
const lists = ['cpuCores', 'mounts', 'disks', 'networks', 'temperatures'] as const;

/** True for what an agent of this version wrote; a file may be torn, foreign or from another version. */
export function isStoredSample(value: unknown): value is StoredSample {
  if (typeof value !== 'object' || value === null) return false;
  const record: Partial<Record<keyof StoredSample, unknown>> = value;
  return (
    typeof record.epoch === 'string' &&
    numbers.every((key) => typeof record[key] === 'number') &&
    lists.every((key) => Array.isArray(record[key]))
  );
}

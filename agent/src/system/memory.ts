export interface MemoryUse {
  readonly memoryTotalBytes: number;
  readonly memoryUsedBytes: number;
  readonly swapTotalBytes: number;
  readonly swapUsedBytes: number;
}

/**
 * Reads /proc/meminfo (Documentation/filesystems/proc.rst). Used is MemTotal − MemAvailable; kernels before 3.14 do not
 * estimate what is available, there it is free memory and caches.
 */
export function parseMeminfo(meminfo: string): MemoryUse {
  const bytes = (key: string): number | undefined => {
    const match = new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(meminfo);
    return match?.[1] === undefined ? undefined : Number(match[1]) * 1024;
  };
  const total = bytes('MemTotal') ?? 0;
  const available =
    bytes('MemAvailable') ?? (bytes('MemFree') ?? 0) + (bytes('Buffers') ?? 0) + (bytes('Cached') ?? 0);
  const swap = bytes('SwapTotal') ?? 0;
  return {
    memoryTotalBytes: total,
    memoryUsedBytes: Math.max(0, total - available),
    swapTotalBytes: swap,
    swapUsedBytes: Math.max(0, swap - (bytes('SwapFree') ?? 0)),
  };
}

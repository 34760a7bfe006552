import { statfs } from 'node:fs/promises';

/** Below this many free bytes ingest stops, so that sign-in, audit and retention keep room to work. */
export const diskFloorBytes = 512 * 1024 * 1024;

export interface DiskSpace {
  /** Bytes an unprivileged process may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly low: boolean;
}

/** Free space of the file system that holds `directory` (statfs(2): `f_bavail`, what root keeps back is not ours). */
export async function diskSpace(directory: string, floorBytes = diskFloorBytes): Promise<DiskSpace> {
  const stats = await statfs(directory);
  const freeBytes = stats.bavail * stats.bsize;
  return { freeBytes, totalBytes: stats.blocks * stats.bsize, low: freeBytes < floorBytes };
}

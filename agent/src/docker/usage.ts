import { round2 } from '../system/sample.ts';
import { findCgroup, findMounts, type Cgroup, type CgroupMounts } from './cgroups.ts';
import type { ContainerStats } from './container.ts';
import { networkBytesOf } from './network-bytes.ts';
import { noUsage, type Usage } from './mapping.ts';

interface CpuReading {
  readonly nanoseconds: number;
  /** Monotonic, ms. */
  readonly at: number;
}

interface Base {
  readonly reading: CpuReading;
  /** Mean over the interval that ended with the reading; null for the first. */
  readonly percent: number | null;
}

/** CPU use over less than this says little. Ms. */
const SHORTEST = 250;

/** CPU use and memory of containers out of their control groups, for everyone who wants them now and then. */
export class UsageMeter {
  readonly #mounts: CgroupMounts | null;
  readonly #cgroups = new Map<string, Cgroup | null>();
  readonly #bases = new Map<string, Base>();

  /** @param mounts null reads nothing, as on a host whose containers run in a virtual machine */
  constructor(mounts: CgroupMounts | null = findMounts()) {
    this.#mounts = mounts;
  }

  /** Whether the container's use can be read at all. */
  sees(id: string, pid: number | null): boolean {
    return this.#cgroup(id, pid) !== null;
  }

  /** Takes the readings that {@link now} compares with; called at a steady pace. */
  tick(running: readonly string[]): void {
    const there = new Set(running);
    for (const id of this.#bases.keys()) if (!there.has(id)) this.#bases.delete(id);
    for (const id of running) {
      const reading = this.#readCpu(id);
      if (reading) this.#bases.set(id, { reading, percent: this.#percentSince(id, reading) });
    }
  }

  /** Forgets a container that ended: its next life has counters of its own. */
  forget(id: string): void {
    this.#cgroups.delete(id);
    this.#bases.delete(id);
  }

  clear(): void {
    this.#cgroups.clear();
    this.#bases.clear();
  }

  /** Use since the last {@link tick} (or of the interval before it, when that was just now), memory as it is. */
  now(id: string): Usage {
    const reading = this.#cgroup(id, null)?.read();
    if (!reading) return noUsage;
    const cpu = { nanoseconds: reading.cpuNanoseconds, at: performance.now() };
    const { memoryBytes, memoryLimitBytes } = reading;
    return { cpuPercent: this.#percentSince(id, cpu), memoryBytes, memoryLimitBytes };
  }

  /** Where the last {@link tick} found the counter, for somebody who goes on from there. */
  base(id: string): CpuReading | undefined {
    return this.#bases.get(id)?.reading;
  }

  /**
   * All of {@link ContainerStats}.
   *
   * @param before the caller's own reading before this one
   * @param pid of a process with the container's own network; null leaves the network out
   */
  stats(
    id: string,
    before: CpuReading | undefined,
    pid: number | null,
  ): { readonly stats: ContainerStats; readonly reading: CpuReading } | undefined {
    const now = this.#cgroup(id, null)?.read();
    if (!now) return undefined;
    const reading = { nanoseconds: now.cpuNanoseconds, at: performance.now() };
    const network = pid === null ? null : networkBytesOf(pid);
    const { memoryBytes, memoryLimitBytes, blockReadBytes, blockWrittenBytes, pids } = now;
    return {
      reading,
      stats: {
        id,
        cpuPercent: before ? percent(before, reading) : 0,
        memoryBytes,
        memoryLimitBytes,
        networkReceivedBytes: network?.received ?? null,
        networkSentBytes: network?.sent ?? null,
        blockReadBytes,
        blockWrittenBytes,
        pids,
      },
    };
  }

  #percentSince(id: string, reading: CpuReading): number | null {
    const base = this.#bases.get(id);
    if (!base) return null;
    return reading.at - base.reading.at < SHORTEST ? base.percent : percent(base.reading, reading);
  }

  #readCpu(id: string): CpuReading | undefined {
    const nanoseconds = this.#cgroup(id, null)?.cpu();
    return nanoseconds === undefined ? undefined : { nanoseconds, at: performance.now() };
  }

  #cgroup(id: string, pid: number | null): Cgroup | null {
    if (!this.#mounts) return null;
    const known = this.#cgroups.get(id);
    // Not found without the pid is not the last word.
    if (known !== undefined && (known !== null || pid === null)) return known;
    const found = findCgroup(this.#mounts, id, pid);
    this.#cgroups.set(id, found);
    return found;
  }
}

/** Percent of one core. A counter that went back belongs to a new life of the container. */
function percent(before: CpuReading, now: CpuReading): number {
  const elapsed = (now.at - before.at) * 1e6;
  return elapsed > 0 ? round2(Math.max(0, (100 * (now.nanoseconds - before.nanoseconds)) / elapsed)) : 0;
}

import { round2 } from './sample.ts';

/** Ticks of one core, or of all together, since boot. */
interface Ticks {
  readonly busy: number;
  readonly total: number;
}

export interface CpuTicks {
  readonly all: Ticks;
  /** By the kernel's number; a core that is offline is absent. */
  readonly cores: ReadonlyMap<string, Ticks>;
}

export interface CpuUse {
  /** 0–100 % of all cores together. */
  readonly percent: number;
  /** 0–100 % each, in the kernel's order. */
  readonly cores: readonly number[];
}

/**
 * Reads /proc/stat (Documentation/filesystems/proc.rst, 1.7). A core is idle while it runs nothing, whether or not
 * something waits for a disk (idle + iowait); all else is busy, including time that the hypervisor gave to another guest
 * (steal), because this host could not use it. Guest time is already part of user time.
 */
export function parseStat(stat: string): CpuTicks {
  const cores = new Map<string, Ticks>();
  let all: Ticks = { busy: 0, total: 0 };
  for (const line of stat.split('\n')) {
    if (!line.startsWith('cpu')) break;
    const [name, ...ticksByKind] = line.split(/ +/);
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
      ticksByKind.map(Number);
    const busy = user + nice + system + irq + softirq + steal;
    const ticks = { busy, total: busy + idle + iowait };
    if (name === 'cpu') all = ticks;
    else if (name !== undefined) cores.set(name, ticks);
  }
  return { all, cores };
}

/** Use between two readings. A core that came online in between shows 0 until the next. */
export function cpuUse(before: CpuTicks, now: CpuTicks): CpuUse {
  const cores: number[] = [];
  for (const [name, ticks] of now.cores) cores.push(use(before.cores.get(name) ?? ticks, ticks));
  return { percent: use(before.all, now.all), cores };
}

/** Counters may run backwards a little (iowait does, says the kernel's documentation): never outside 0–100. */
function use(before: Ticks, now: Ticks): number {
  const total = now.total - before.total;
  if (total <= 0) return 0;
  return round2(Math.min(100, Math.max(0, (100 * (now.busy - before.busy)) / total)));
}

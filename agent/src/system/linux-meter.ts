import { cpuUse, parseStat, type CpuTicks } from './cpu.ts';
import { diskRates, isWholeDisk, parseDiskstats, type DiskBytes } from './disks.ts';
import { parseMeminfo } from './memory.ts';
import { countsOf, type Meter, type MeterOptions } from './meter.ts';
import { MountMeter } from './mounts.ts';
import { networkRates, OwnInterfaces, parseNetDev, type NetworkBytes } from './networks.ts';
import { readText } from './read-text.ts';
import type { Measurement } from './sample.ts';
import { TemperatureMeter } from './temperatures.ts';

interface Counters {
  readonly monotonicMs: number;
  readonly cpu: CpuTicks;
  readonly disks: ReadonlyMap<string, DiskBytes>;
  readonly networks: ReadonlyMap<string, NetworkBytes>;
}

/** Reads /proc and /sys, starts no process. */
export class LinuxMeter implements Meter {
  readonly #options: MeterOptions;
  readonly #mounts = new MountMeter();
  readonly #temperatures = new TemperatureMeter();
  readonly #ownInterfaces = new OwnInterfaces();
  #before: Counters = readCounters();

  constructor(options: MeterOptions) {
    this.#options = options;
  }

  async measure(): Promise<Measurement> {
    const mounts = await this.#mounts.read();
    const at = Date.now();
    const before = this.#before;
    const now = readCounters();
    this.#before = now;

    const seconds = (now.monotonicMs - before.monotonicMs) / 1000;
    const cpu = cpuUse(before.cpu, now.cpu);
    const [load1 = 0, load5 = 0, load15 = 0] = readText('/proc/loadavg').split(' ').map(Number);
    return {
      at,
      monotonicMs: Math.round(now.monotonicMs),
      cpuPercent: cpu.percent,
      cpuCores: this.#options.perCore ? cpu.cores : [],
      load1,
      load5,
      load15,
      ...parseMeminfo(readText('/proc/meminfo')),
      uptimeSeconds: Math.floor(Number.parseFloat(readText('/proc/uptime')) || 0),
      mounts,
      disks: diskRates(before.disks, now.disks, seconds),
      networks: networkRates(
        before.networks,
        now.networks,
        this.#ownInterfaces.of([...now.networks.keys()]),
        seconds,
      ),
      temperatures: this.#temperatures.read(),
      ...countsOf(this.#options.docker()),
    };
  }
}

function readCounters(): Counters {
  return {
    monotonicMs: performance.now(),
    cpu: parseStat(readText('/proc/stat')),
    disks: parseDiskstats(readText('/proc/diskstats'), isWholeDisk),
    networks: parseNetDev(readText('/proc/net/dev')),
  };
}

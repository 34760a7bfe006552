import type * as SystemInformationModule from 'systeminformation';
import { cpus, freemem, loadavg, totalmem, uptime } from 'node:os';
import { perSecond } from './disks.ts';
import { countsOf, type Meter, type MeterOptions } from './meter.ts';
import { round2, type Measurement } from './sample.ts';

type SystemInformation = typeof SystemInformationModule;

/** macOS and Windows: systeminformation, which is loaded for them only. It may start processes. */
export class PortableMeter implements Meter {
  readonly #options: MeterOptions;
  readonly #si: SystemInformation;
  #before = coreTicks();

  private constructor(si: SystemInformation, options: MeterOptions) {
    this.#si = si;
    this.#options = options;
  }

  static async create(options: MeterOptions): Promise<PortableMeter> {
    return new PortableMeter(await import('systeminformation'), options);
  }

  async measure(): Promise<Measurement> {
    const si = this.#si;
    const [memory, mounts, networks, disks, temperature] = await Promise.all([
      si.mem(),
      si.fsSize(),
      si.networkStats('*'),
      si.fsStats(),
      si.cpuTemperature(),
    ]);
    const now = coreTicks();
    const cores = now.map((ticks, core) => use(this.#before[core] ?? ticks, ticks));
    this.#before = now;
    const [load1 = 0, load5 = 0, load15 = 0] = loadavg().map(round2);
    return {
      at: Date.now(),
      monotonicMs: Math.round(performance.now()),
      cpuPercent: round2(cores.reduce((sum, core) => sum + core, 0) / Math.max(1, cores.length)),
      cpuCores: this.#options.perCore ? cores : [],
      load1,
      load5,
      load15,
      memoryTotalBytes: totalmem(),
      memoryUsedBytes: totalmem() - (memory.available || freemem()),
      swapTotalBytes: memory.swaptotal,
      swapUsedBytes: memory.swapused,
      uptimeSeconds: Math.floor(uptime()),
      mounts: mounts.map(({ mount, fs, type, size, used, available }) => ({
        path: mount,
        device: fs,
        fsType: type,
        totalBytes: size,
        usedBytes: used,
        availableBytes: available,
      })),
      // systeminformation adds up all disks and keeps the rates itself; null until it was asked twice.
      disks: [
        {
          name: 'all',
          readBytesPerSecond: round2(disks?.rx_sec ?? 0),
          writeBytesPerSecond: round2(disks?.wx_sec ?? 0),
        },
      ],
      networks: networks
        .filter(({ iface }) => !/^lo\d*$/i.test(iface))
        .map(({ iface, rx_sec, tx_sec }) => ({
          name: iface,
          receivedBytesPerSecond: perSecond(0, rx_sec ?? 0, 1),
          sentBytesPerSecond: perSecond(0, tx_sec ?? 0, 1),
        })),
      temperatures: temperature.main === null ? [] : [{ label: 'CPU', celsius: round2(temperature.main) }],
      ...countsOf(this.#options.docker()),
    };
  }
}

interface Ticks {
  readonly busy: number;
  readonly total: number;
}

function coreTicks(): Ticks[] {
  return cpus().map(({ times }) => {
    const busy = times.user + times.nice + times.sys + times.irq;
    return { busy, total: busy + times.idle };
  });
}

function use(before: Ticks, now: Ticks): number {
  const total = now.total - before.total;
  return total <= 0 ? 0 : round2(Math.min(100, Math.max(0, (100 * (now.busy - before.busy)) / total)));
}

import type { Meter, MeterOptions } from './meter.ts';

/** The meter of this platform. */
export async function createMeter(options: MeterOptions): Promise<Meter> {
  if (process.platform === 'linux') {
    const { LinuxMeter } = await import('./linux-meter.ts');
    return new LinuxMeter(options);
  }
  const { PortableMeter } = await import('./portable-meter.ts');
  return PortableMeter.create(options);
}

import type { DockerCounts } from '../docker/service.ts';
import type { Measurement } from './sample.ts';

export interface MeterOptions {
  /** False leaves the list of cores empty. */
  readonly perCore: boolean;
  /** Asked at each measurement. */
  readonly docker: () => DockerCounts | null;
}

/**
 * Measures the host. Rates are means since the meter's own measurement before, so everyone who samples at a pace of
 * their own needs a meter of their own.
 */
export interface Meter {
  measure(): Promise<Measurement>;
}

export function countsOf(
  counts: DockerCounts | null,
): Pick<Measurement, 'containersTotal' | 'containersRunning' | 'imagesTotal'> {
  return counts ?? { containersTotal: null, containersRunning: null, imagesTotal: null };
}

import type { Measured } from '../metrics/service.ts';

/** A gauge is high from here (percent) … */
export const highPercent = 90;

/** … until it falls below this, so that one that wavers is one problem and not many. */
const relievedPercent = 85;

/** How long (ms) it must be high to be a problem: a build or a backup is none. */
export const highForMs = { cpu: 5 * 60_000, memory: 60_000 } as const;

/** Samples further apart than this (ms) tell nothing about the time between. */
const gapMs = 60_000;

/** Since when CPU and memory of a server have been high; ms since 1970, or undefined. */
export interface Pressure {
  readonly at: number;
  readonly cpuSince: number | undefined;
  readonly memorySince: number | undefined;
}

/** What is known after one more sample. */
export function pressureAfter(before: Pressure | undefined, { at, sample }: Measured): Pressure {
  const known = before && at - before.at <= gapMs ? before : undefined;
  const memory = sample.memoryTotalBytes > 0 ? (sample.memoryUsedBytes / sample.memoryTotalBytes) * 100 : 0;
  return {
    at,
    cpuSince: since(known?.cpuSince, sample.cpuPercent, at),
    memorySince: since(known?.memorySince, memory, at),
  };
}

function since(before: number | undefined, percent: number, at: number): number | undefined {
  if (percent >= highPercent) return before ?? at;
  return percent >= relievedPercent ? before : undefined;
}

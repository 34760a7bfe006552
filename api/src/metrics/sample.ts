import type { SampleFieldsFragment, SamplesSubscription } from '../generated/agent/graphql.ts';

/** What an agent measured at one moment, as it said it: `at` is the agent's own wall clock, in ms since 1970. */
export type Sample = SampleFieldsFragment;

/** Several samples and the clock they were measured by, as the agent sends them. */
export type SampleBatch = SamplesSubscription['samples'];

/** A sample with its place in the agent's ring, which is what gets stored. */
export interface StoredSample extends Sample {
  /** 16 hexadecimal digits, random per start of the agent. */
  readonly epoch: string;
  /** Counts from 0 within the epoch. */
  readonly seq: number;
}

/** A sample of a server, at a moment of our own clock. */
export interface Measured {
  readonly serverId: string;
  /** When, in ms since 1970: what the agent said, or what we reckon where its clock is absurd. */
  readonly at: number;
  readonly sample: Sample;
}

/** The numbers of a server that fit on a card. Percentages run from 0 to 100. */
export interface ServerNumbers {
  readonly serverId: string;
  /** ms since 1970 */
  readonly at: number;
  readonly cpuPercent: number;
  readonly memoryPercent: number;
  /** Of the fullest file system; null where there is none. */
  readonly diskPercent: number | null;
  /** Null without Docker. */
  readonly containersRunning: number | null;
  readonly containersTotal: number | null;
}

/** How full the fullest file system is, counted as df(1) does: of what an unprivileged process can use. */
export function diskPercentOf({ mounts }: Pick<Sample, 'mounts'>): number | null {
  let fullest: number | null = null;
  for (const { usedBytes, availableBytes } of mounts) {
    if (usedBytes + availableBytes === 0) continue;
    fullest = Math.max(fullest ?? 0, percentOf(usedBytes, usedBytes + availableBytes));
  }
  return fullest;
}

/** Two decimals; 0 of nothing. */
export function percentOf(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.round((part / whole) * 10_000) / 100) : 0;
}

/** Sums over all interfaces or disks, bytes per second. */
export function sumOf<Item>(items: readonly Item[], rate: (item: Item) => number): number {
  let sum = 0;
  for (const item of items) sum += rate(item);
  return sum;
}

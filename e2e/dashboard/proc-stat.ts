import { readFileSync } from 'node:fs';

/** Ticks since boot, as /proc/stat has them for all processors together (man proc_stat). */
export interface Ticks {
  readonly busy: number;
  readonly total: number;
}

export function ticks(): Ticks {
  const [, ...columns] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/) ?? [];
  // user nice system idle iowait irq softirq steal; guest time is part of user already.
  const values = columns.slice(0, 8).map(Number);
  const total = values.reduce((sum, value) => sum + value, 0);
  return { total, busy: total - (values[3] ?? 0) - (values[4] ?? 0) };
}

/** Percent of all processors together that was busy between two looks. */
export function busyBetween(from: Ticks, to: Ticks): number {
  return (100 * (to.busy - from.busy)) / Math.max(1, to.total - from.total);
}

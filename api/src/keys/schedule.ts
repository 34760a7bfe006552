import { createHash } from 'node:crypto';

/** How old an agent's key may become unless somebody decides otherwise. Days. */
export const defaultEveryDays = 90;

/** Neither a rotation a day for each server, nor one that nobody lives to see. Days. */
export const everyDaysRange = { min: 1, max: 3650 } as const;

const dayMs = 24 * 60 * 60 * 1000;

/** Keys that were made together are not all replaced in one night: each has up to this part of the time more or less. */
const jitter = 0.1;

/**
 * When a key is to be replaced. The same each time it is asked, also by another process.
 *
 * @param serverId - so that servers differ
 * @param since - when the key was put in place
 */
export function dueAt(serverId: string, since: Date, everyDays: number): Date {
  const digest = createHash('sha256').update(`${serverId} ${since.getTime()}`).digest();
  const part = digest.readUInt32BE() / 0xffff_ffff;
  return new Date(since.getTime() + everyDays * dayMs * (1 - jitter + 2 * jitter * part));
}

/** Before this nothing put in place later is due. */
export function earliestDue(now: Date, everyDays: number): Date {
  return new Date(now.getTime() - everyDays * dayMs * (1 - jitter));
}

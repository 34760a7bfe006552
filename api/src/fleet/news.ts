import type { JobChange } from '../jobs/events.ts';

/** Whether something is a reason to look at one on many servers again: a part that says something on its way is none. */
export function isNewsOf(jobId: string, change: JobChange): boolean {
  return change.jobId === jobId || (change.parentId === jobId && change.ended);
}

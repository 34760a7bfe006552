import { subscribe } from '../api/operations.ts';
import { Changes } from './documents.ts';
import type { Job } from './job-text.ts';

/**
 * Tells of the jobs on something of a server as they begin and end, whoever has them done: a person elsewhere, a webhook,
 * a policy.
 *
 * @returns stops it
 */
export function onJobsOf(
  { serverId, kind, id }: { readonly serverId: string; readonly kind: string; readonly id: string },
  changed: (job: Job) => void,
): () => void {
  let last = '';
  return subscribe(
    Changes,
    { serverId },
    {
      next: ({ jobChanges: job }) => {
        const now = `${job.id} ${job.state}`;
        if (job.target.kind !== kind || job.target.id !== id || now === last) return;
        last = now;
        changed(job);
      },
    },
  );
}

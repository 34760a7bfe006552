import type { Job, JobLine } from '@serverkit/prisma/generated/client/client.ts';
import { notFound } from '../errors.ts';
import type { Topics } from '../live/topics.ts';
import { jobChanges } from './events.ts';
import type { JobRecords } from './records.ts';

/** What became known of a job since the event before. */
export interface JobEvent {
  readonly job: Job;
  readonly lines: readonly JobLine[];
  /** Lines that stood between those told before and these, and are not kept any more. */
  readonly dropped: number;
}

const pageSize = 500;

/**
 * A job as it goes on, from after a line until it has ended. Read from the database at its reader's pace, so nothing is
 * told twice or left out, whichever process stored it and however slowly it is read.
 *
 * @yields where it stands at once, then whatever is new
 * @throws ServerKitError NOT_FOUND
 */
export async function* jobFeed(
  records: JobRecords,
  topics: Topics,
  { id, after, signal }: { readonly id: string; readonly after: number; readonly signal: AbortSignal },
): AsyncGenerator<JobEvent, undefined> {
  // Before anything is read: what is stored meanwhile is heard of.
  await using changes = topics.subscribe(jobChanges, { channels: [id], signal });
  let cursor = after;
  for (;;) {
    const job = await records.find(id);
    if (!job) throw notFound('job', id);
    const lines = await records.lines(id, cursor, pageSize);
    const start = lines[0]?.seq ?? cursor + 1;
    const dropped = Math.max(0, start - cursor - 1);
    cursor = lines.at(-1)?.seq ?? cursor;
    const full = lines.length === pageSize;
    yield { job, lines, dropped };
    if (full) continue;
    if (job.finishedAt) return undefined;
    const { done } = await changes.next();
    if (done) return undefined;
  }
}

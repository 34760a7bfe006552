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
/** By event. */
const cursors = new WeakMap<object, number>();

/** `seq` up to which lines are known after an event of {@link jobFeed}; undefined for what is none. */
export function cursorAfter(event: unknown): number | undefined {
  return typeof event === 'object' && event !== null ? cursors.get(event) : undefined;
}

interface Reading {
  readonly id: string;
  readonly after: number;
  readonly signal: AbortSignal;
}

/**
 * A job as it goes on, from after a line until it has ended. Read from the database at its reader's pace, so nothing is
 * told twice or left out, whichever process stored it and however slowly it is read.
 *
 * @yields where it stands at once, then whatever is new
 * @throws ServerKitError NOT_FOUND
 */
export function jobFeed(
  records: JobRecords,
  topics: Topics,
  { signal, ...reading }: Reading,
): AsyncIterableIterator<JobEvent, undefined> {
  const leaving = new AbortController();
  const events = read(records, topics, { ...reading, signal: AbortSignal.any([signal, leaving.signal]) });
  return {
    next: () => events.next(),
    // A generator that waits for a silent job would end with its next word.
    return() {
      leaving.abort();
      return events.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* read(
  records: JobRecords,
  topics: Topics,
  { id, after, signal }: Reading,
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
    const event = { job, lines, dropped };
    cursors.set(event, cursor);
    yield event;
    if (full) continue;
    if (job.finishedAt) return undefined;
    const { done } = await changes.next();
    if (done) return undefined;
  }
}

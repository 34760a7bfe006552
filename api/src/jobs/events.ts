import { Topic } from '../live/topics.ts';

/** A job went on; whoever listens reads it again. */
export interface JobChange {
  readonly jobId: string;
  /** Null for one on many servers. */
  readonly serverId: string | null;
  /** Those of one on many servers. */
  readonly serverIds?: readonly string[];
  /** The one that it is a part of. */
  readonly parentId?: string | null;
  /** noun.verb */
  readonly kind: string;
  readonly ended: boolean;
}

/** Published once the change is in the database. Its channels are the jobs. */
export const jobChanges = new Topic<JobChange>({
  buffering: { keep: 'latest', key: ({ jobId, ended }) => `${jobId} ${ended}` },
  channel: ({ jobId }) => jobId,
});

import { Topic } from '../live/topics.ts';

/** A job went on; whoever listens reads it again. */
export interface JobChange {
  readonly jobId: string;
  readonly serverId: string;
  /** noun.verb */
  readonly kind: string;
  readonly ended: boolean;
}

/** Published once the change is in the database. Its channels are the jobs. */
export const jobChanges = new Topic<JobChange>({
  buffering: { keep: 'latest', key: ({ jobId, ended }) => `${jobId} ${ended}` },
  channel: ({ jobId }) => jobId,
});

import type { Jobs_RowFragment, Jobs_TargetsFragment, JobState } from '../generated/graphql.ts';
import { t } from '../i18n.svelte.ts';
import type { Look } from '../look.ts';

export type Job = Jobs_RowFragment;
export type JobInFull = Jobs_RowFragment & Jobs_TargetsFragment;
export type JobTarget = JobInFull['targets'][number];
/** How far it is on one of many servers. */
export type JobPart = NonNullable<JobTarget['job']>;

const looks: Record<JobState, Look> = {
  PENDING: 'unknown',
  RUNNING: 'neutral',
  SUCCEEDED: 'good',
  FAILED: 'critical',
  CANCELLED: 'warning',
  INTERRUPTED: 'critical',
};

export function jobLook(state: JobState): Look {
  return looks[state];
}

const targetLooks: Record<JobTarget['state'], Look> = {
  WAITING: 'unknown',
  RUNNING: 'neutral',
  SUCCEEDED: 'good',
  FAILED: 'critical',
  CANCELLED: 'warning',
  INTERRUPTED: 'critical',
  SKIPPED: 'unknown',
};

export function targetLook(state: JobTarget['state']): Look {
  return targetLooks[state];
}

export const isOver = ({ finishedAt }: Pick<Job, 'finishedAt'>): boolean => finishedAt !== null;

/** What a job does, in words where the messages have them, else by its own name. */
export function kindText(kind: string): string {
  return new Map(Object.entries(t().jobs.kinds)).get(kind) ?? kind.replaceAll(/[._]/g, ' ');
}

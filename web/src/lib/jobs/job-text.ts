import type { Jobs_RowFragment, JobState } from '../generated/graphql.ts';
import { t } from '../i18n.svelte.ts';
import type { Look } from '../look.ts';

export type Job = Jobs_RowFragment;

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

export const isOver = ({ finishedAt }: Pick<Job, 'finishedAt'>): boolean => finishedAt !== null;

/** What a job does, in words where the messages have them, else by its own name. */
export function kindText(kind: string): string {
  return new Map(Object.entries(t().jobs.kinds)).get(kind) ?? kind.replaceAll(/[._]/g, ' ');
}

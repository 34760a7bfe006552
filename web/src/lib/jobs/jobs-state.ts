import type { JobFilter, JobState } from '../generated/graphql.ts';
import { oneOf, textParameter, type StateOf } from '../url-state.ts';

export const jobStates = ['', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'INTERRUPTED'] as const;

/** What a link to the list carries: the filters, and the job that is looked at. */
export const jobsState = {
  state: oneOf(jobStates, ''),
  server: textParameter(),
  job: textParameter(),
};

export type JobsState = StateOf<typeof jobsState>;

export const isFiltered = ({ state, server }: JobsState): boolean => state !== '' || server !== '';

const running: JobState[] = ['PENDING', 'RUNNING'];

export function toFilter({ state, server }: JobsState): JobFilter {
  return {
    ...(state !== '' && { states: state === 'RUNNING' ? running : [state] }),
    ...(server !== '' && { serverId: server }),
  };
}

/** Whether a job belongs into a list with this filter. */
export function fits(
  job: { readonly state: JobState; readonly serverId: string | null },
  filter: JobFilter,
): boolean {
  const { states, serverId } = filter;
  return (!serverId || job.serverId === serverId) && (!states || states.includes(job.state));
}

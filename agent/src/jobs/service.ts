import type { CreditWindow } from '../context.ts';
import type { Source } from '../source.ts';
import type { Aftermath, Job, JobLine, JobProgress, JobStart } from './job.ts';

/** What became known of a job since the batch before. */
export interface JobBatch {
  readonly lines: readonly JobLine[];
  /** Only those whose progress changed; all in the first batch. */
  readonly progress: readonly JobProgress[];
  /** As it is after these lines. */
  readonly job: Job;
}

/** Long work on this host, which goes on while the link is down. Every method throws AgentError. */
export interface JobService {
  /**
   * Begins it, on the disk before anything is done.
   *
   * @returns at once, the job of this id that there is already, if there is one
   * @throws AgentError TOO_MANY_OPERATIONS, CONFLICT, INPUT_INVALID
   */
  start(start: JobStart): Job;
  get(id: string): Job | undefined;
  /** Nothing happens to one that has ended. @returns it as it is then */
  cancel(id: string): Job | undefined;
  /**
   * Its lines after `after`, and how far it is; ends with the job. Each line and each item costs its bytes and
   * {@link ENTRY_BYTES} of credit.
   */
  follow(id: string, after: number, credits: CreditWindow, signal: AbortSignal): Source<JobBatch>;
  /**
   * Holds back the end of a job that the agent before this one was ended in the middle of, until it is known what there is
   * of what it had begun; called before anybody can follow it. Does nothing for one that is not known any more.
   *
   * @param aftermath - never rejects
   */
  settle(id: string, aftermath: Promise<Aftermath>): void;
  /** The agent stops. */
  close(): void;
}

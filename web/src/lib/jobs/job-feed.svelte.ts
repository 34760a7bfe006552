import type { Failure } from '../api/failure.ts';
import { subscribe } from '../api/operations.ts';
import { perFrame } from '../frame.ts';
import { Events, Steps } from './documents.ts';
import { isOver, type JobInFull, type JobPart } from './job-text.ts';

export interface JobLine {
  readonly seq: number;
  readonly stream: 'STDOUT' | 'STDERR' | 'STEP';
  readonly text: string;
}

/** As many as a page shows without becoming slow; the newest. */
const keptLines = 2_000;

/** One job as it goes on, with what it says. */
export class JobFeed {
  job = $state.raw<JobInFull | null>(null);
  lines = $state.raw<readonly JobLine[]>([]);
  /** Lines before those that are shown. */
  missing = $state(0);
  failure = $state.raw<Failure | null>(null);
  /** How far its parts are on their servers since it was last told itself, by their ids. */
  parts = $state.raw<ReadonlyMap<string, JobPart>>(new Map());

  /** @returns ends it */
  follow(id: string): () => void {
    this.job = null;
    this.parts = new Map();
    this.lines = [];
    this.missing = 0;
    this.failure = null;
    let last = 0;
    let leaveParts: (() => void) | null = null;
    const leave = subscribe(
      Events,
      { id, after: 0 },
      {
        next: ({ jobEvents: { job, lines, dropped } }) => {
          this.job = job;
          // That one moves on a server is no news of the whole.
          if (job.targets.length > 0 && !isOver(job)) leaveParts ??= this.#followParts();
          else {
            leaveParts?.();
            leaveParts = null;
          }
          // After a break the socket asks again from the begin.
          const fresh = lines.filter(({ seq }) => seq > last);
          if (fresh.length === 0) return;
          if (last === 0) this.missing += dropped;
          last = fresh.at(-1)?.seq ?? last;
          const all = [...this.lines, ...fresh];
          this.missing += Math.max(0, all.length - keptLines);
          this.lines = all.slice(-keptLines);
        },
        failed: (failure) => (this.failure = failure),
      },
    );
    return () => {
      leave();
      leaveParts?.();
    };
  }

  #followParts(): () => void {
    const batch = perFrame<string, JobPart>((moved) => {
      const ids = new Set(this.job?.targets.map(({ job }) => job?.id));
      const ours = [...moved].filter(([id]) => ids.has(id));
      if (ours.length > 0) this.parts = new Map([...this.parts, ...ours]);
    });
    const leave = subscribe(Steps, {}, { next: ({ jobChanges }) => batch.add(jobChanges.id, jobChanges) });
    return () => {
      leave();
      batch.stop();
    };
  }
}

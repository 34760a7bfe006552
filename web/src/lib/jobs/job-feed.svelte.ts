import type { Failure } from '../api/failure.ts';
import { subscribe } from '../api/operations.ts';
import { Events } from './documents.ts';
import type { JobInFull } from './job-text.ts';

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

  /** @returns ends it */
  follow(id: string): () => void {
    this.job = null;
    this.lines = [];
    this.missing = 0;
    this.failure = null;
    let last = 0;
    return subscribe(
      Events,
      { id, after: 0 },
      {
        next: ({ jobEvents: { job, lines, dropped } }) => {
          this.job = job;
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
  }
}

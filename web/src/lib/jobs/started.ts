import { subscribe } from '../api/operations.ts';
import { t } from '../i18n.svelte.ts';
import { toasts } from '../toasts.svelte.ts';
import { Events } from './documents.ts';
import { isOver, kindText, type Job } from './job-text.ts';

/** Beyond any line: none of what it says is wanted here. */
const noLines = 2_147_483_647;

export const jobHref = (id: string): string => `/jobs?job=${id}`;

/**
 * What a page calls once it has begun a job: the end is told wherever the person is by then, with a link to all of it.
 *
 * @param ended - called when it is over, to look again at what it changed
 */
export function startedJob(id: string, ended: (job: Job) => void = () => undefined): void {
  follow(id, ended, toasts.good(t().jobs.begun, jobHref(id)));
}

/** The same where the job is shown from its begin: only its end is told. */
export function shownJob(id: string, ended: (job: Job) => void): void {
  follow(id, ended, () => undefined);
}

function follow(id: string, ended: (job: Job) => void, closeBegun: () => void): void {
  let last: Job | undefined;
  subscribe(
    Events,
    { id, after: noLines },
    {
      next: ({ jobEvents: { job } }) => (last = job),
      ended: () => {
        if (!last || !isOver(last)) return;
        closeBegun();
        tell(last);
        ended(last);
      },
    },
  );
}

function tell({ id, kind, target, state, errorMessage }: Job): void {
  const text = t().jobs.over(kindText(kind), target.name, t().jobs.states[state]);
  if (state === 'SUCCEEDED') toasts.good(text, jobHref(id));
  // Why it failed says what became of what was there before.
  else toasts.critical([text, errorMessage].filter(Boolean).join('. '), jobHref(id));
}

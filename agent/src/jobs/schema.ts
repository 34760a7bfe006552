import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { scoped } from '../scoped.ts';
import type { Job } from './job.ts';
import { JobLineType, JobProgressType, JobType } from './job-type.ts';
import type { JobBatch } from './service.ts';

builder.queryField('job', (t) =>
  t.field({
    ...scoped('link'),
    description: 'Null when the agent knows no such job: it never began, or ended more than 24 hours ago.',
    type: JobType,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, { services, scopes }) => {
      const job = services.jobs.get(id);
      if (!job) return null;
      // Whether it has ended is everybody's to ask; what came of it is told to those who could have begun it.
      return scopes.has(job.scope) ? job : { ...job, step: null, result: null, errorMessage: null };
    },
  }),
);

/**
 * What a job is about takes the scope that it was begun with, which this field cannot name.
 *
 * @throws AgentError NOT_FOUND, SCOPE_DENIED
 */
function allowed({ services, scopes }: OperationContext, id: string): Job {
  const job = services.jobs.get(id);
  if (!job) throw new AgentError('NOT_FOUND', 'This agent knows no such job.');
  if (!scopes.has(job.scope)) {
    throw new AgentError('SCOPE_DENIED', `Refused: the job was begun with ${job.scope}.`);
  }
  return job;
}

builder.mutationField('cancelJob', (t) =>
  t.field({
    ...scoped('link'),
    description: 'Asks it to end; it may have ended by then. Takes the scope that the job was begun with.',
    type: JobType,
    args: { id: t.arg.id({ required: true }) },
    resolve(_root, { id }, context) {
      const job = allowed(context, id);
      throwIfAborted(context.signal);
      return context.services.jobs.cancel(id) ?? job;
    },
  }),
);

const Batch = builder.objectRef<JobBatch>('JobBatch').implement({
  description: 'What became known of a job since the batch before.',
  fields: (t) => ({
    lines: t.expose('lines', { type: [JobLineType] }),
    progress: t.expose('progress', {
      type: [JobProgressType],
      description: 'Of the items whose progress changed; of all in the first batch.',
    }),
    job: t.expose('job', { type: JobType }),
  }),
});

builder.subscriptionField('jobEvents', (t) =>
  t.field({
    ...scoped('link'),
    description:
      'How a job goes on; complete when it has ended and all was told. Takes the scope that the job was begun with.',
    type: Batch,
    args: {
      id: t.arg.id({ required: true }),
      after: t.arg.int({ required: true, description: 'seq of the last line that is known; 0 for all.' }),
      windowBytes: t.arg.int({ required: true, description: 'Credit to begin with.' }),
    },
    subscribe(_root, { id, after }, context) {
      allowed(context, id);
      return context.services.jobs.follow(id, after, context.credits, context.signal);
    },
    resolve: (batch) => batch,
  }),
);

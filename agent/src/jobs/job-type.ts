import { builder } from '../builder.ts';
import type { Job, JobLine, JobProgress } from './job.ts';

const JobState = builder.enumType('JobState', {
  values: {
    RUNNING: {},
    SUCCEEDED: {},
    FAILED: { description: 'errorCode and errorMessage say why.' },
    CANCELLED: { description: 'Part of it may have been done.' },
    INTERRUPTED: { description: 'The agent ended in the middle of it; part of it may have been done.' },
  } as const,
});

const Stream = builder.enumType('JobStream', {
  values: { STDOUT: {}, STDERR: {}, STEP: { description: 'The name of a step that begins.' } } as const,
});

const Unit = builder.enumType('ProgressUnit', { values: ['BYTES', 'COUNT'] as const });

export const JobLineType = builder.objectRef<JobLine>('JobLine').implement({
  fields: (t) => ({
    seq: t.exposeInt('seq', { description: 'From 1. A gap: what stood there was dropped.' }),
    at: t.expose('at', { type: 'SafeInt' }),
    stream: t.expose('stream', { type: Stream }),
    text: t.exposeString('text'),
  }),
});

export const JobProgressType = builder.objectRef<JobProgress>('JobProgress').implement({
  description: 'How far one part of a job is; each word on an item replaces the one before.',
  fields: (t) => ({
    item: t.exposeString('item'),
    status: t.exposeString('status'),
    current: t.expose('current', { type: 'SafeInt', nullable: true }),
    total: t.expose('total', { type: 'SafeInt', nullable: true }),
    unit: t.expose('unit', { type: Unit, nullable: true }),
  }),
});

export const JobType = builder.objectRef<Job>('Job').implement({
  description: 'Long work, which goes on while the link is down. Times are ms since 1970.',
  fields: (t) => ({
    id: t.exposeID('id'),
    kind: t.exposeString('kind', { description: 'noun.verb, such as image.pull.' }),
    target: t.exposeString('target'),
    state: t.expose('state', { type: JobState }),
    step: t.exposeString('step', { nullable: true, description: 'The step that began last.' }),
    startedAt: t.expose('startedAt', { type: 'SafeInt' }),
    finishedAt: t.expose('finishedAt', { type: 'SafeInt', nullable: true }),
    errorCode: t.exposeString('errorCode', { nullable: true }),
    errorMessage: t.exposeString('errorMessage', { nullable: true }),
    result: t.string({
      nullable: true,
      description: 'JSON; what it holds is told by the kind.',
      resolve: ({ result }) => (result === null ? null : JSON.stringify(result)),
    }),
    lastLine: t.exposeInt('lastLine', { description: 'seq of its newest line; 0 when it has said nothing.' }),
  }),
});

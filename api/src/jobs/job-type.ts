import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import { builder } from '../builder.ts';
import { storedActor } from '../audit/actor.ts';
import type { AuditTarget } from '../audit/service.ts';
import type { RequestContext } from '../context.ts';
import { Node, registerNode } from '../graphql/node.ts';
import { kindOf } from './kinds.ts';
import { storedProgress, type JobProgress } from './progress.ts';
import { targetOf, type JobState } from './records.ts';
import { holdsOnAll, serversOf } from './sight.ts';

export const JobStateEnum = builder.enumType('JobState', {
  description: 'Where a job stands.',
  values: {
    CANCELLED: { value: 'cancelled', description: 'It was cancelled; part of it may have been done.' },
    FAILED: { value: 'failed', description: 'It failed; `errorCode` and `errorMessage` say why.' },
    INTERRUPTED: {
      value: 'interrupted',
      description: 'What did it ended in the middle; part of it may have been done.',
    },
    PENDING: { value: 'pending', description: 'Asked for; whether the agent has it is not known yet.' },
    RUNNING: { value: 'running', description: 'At work.' },
    SUCCEEDED: { value: 'succeeded', description: 'Done; `result` says what came of it.' },
  } as const satisfies Record<Uppercase<JobState>, { value: JobState; description: string }>,
});

const states: readonly JobState[] = ['pending', 'running', 'succeeded', 'failed', 'cancelled'];

function stateOf({ state }: Job): JobState {
  return states.find((known) => known === state) ?? 'interrupted';
}

/**
 * Whether someone may read what a job said and what came of it. Which scope that takes depends on the job, so that what
 * asks for it is `perViewer`: those who share an execution hold in it only what their document names.
 */
export function mayRead(job: Job, { principal }: Pick<RequestContext, 'principal'>): boolean {
  const access = kindOf(job.kind)?.reads;
  return access !== undefined && holdsOnAll(job, principal.rights, access);
}

const ProgressUnit = builder.enumType('ProgressUnit', {
  description: 'What progress is counted in.',
  values: { BYTES: { description: 'Bytes.' }, COUNT: { description: 'Pieces.' } } as const,
});

const JobProgressType = builder.objectRef<JobProgress>('JobProgress').implement({
  access: 'inherited',
  description: 'How far one part of a job is: a layer, a service, a target.',
  fields: (t) => ({
    current: t.expose('current', {
      type: 'SafeInt',
      nullable: true,
      description: 'How much of it is done; null where nothing is counted.',
    }),
    item: t.exposeString('item', { description: 'Names the part within its job.' }),
    status: t.exposeString('status', {
      description: 'What is being done to it, in the words of what does it.',
    }),
    total: t.expose('total', { type: 'SafeInt', nullable: true, description: 'Null while it is not known.' }),
    unit: t.expose('unit', {
      type: ProgressUnit,
      nullable: true,
      description: 'What is counted; null where nothing is.',
    }),
  }),
});

const JobTarget = builder.objectRef<AuditTarget>('JobTarget').implement({
  access: 'inherited',
  description: 'What a job works on.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id; for an image, its reference.' }),
    kind: t.exposeString('kind', { description: 'A noun: image, stack, container, ….' }),
    name: t.string({ description: 'Its name when the job began.', resolve: ({ id, name }) => name ?? id }),
  }),
});

const unread = 'for those who may not read what it worked on';

/** Other domains answer with it from the mutations that begin long work. */
export const JobType = builder.prismaObject('Job', {
  access: 'servers:read',
  on: serversOf,
  interfaces: [Node],
  description:
    'Long work on a server, or on many. It goes on when nobody looks, and while the link is down. One on many servers is seen with any of them, and read with all.',
  fields: (t) => ({
    cancelAskedAt: t.expose('cancelAskedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When somebody last asked for its end; null when nobody did.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was asked for.' }),
    errorCode: t.exposeString('errorCode', {
      nullable: true,
      description: 'One of ErrorCode, unless it succeeded.',
    }),
    errorMessage: t.string({
      nullable: true,
      perViewer: true,
      description: `What went wrong, in a sentence; null ${unread}.`,
      resolve: (job, _args, context) => (mayRead(job, context) ? job.errorMessage : null),
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null before.',
    }),
    kind: t.exposeString('kind', { description: 'noun.verb, such as image.pull.' }),
    progress: t.field({
      type: [JobProgressType],
      perViewer: true,
      description: `How far its parts are, in the order they were begun; none ${unread}.`,
      resolve: (job, _args, context) => (mayRead(job, context) ? storedProgress(job.progress) : []),
    }),
    result: t.field({
      type: 'JSON',
      nullable: true,
      perViewer: true,
      description:
        'What came of it, as its kind says; null before it succeeded (one on many servers: ended), and for those who may not read what it worked on.',
      resolve: (job, _args, context) => (mayRead(job, context) ? job.result : null),
    }),
    parent: t.relation('parent', {
      nullable: true,
      description: 'The one on many servers that it is a part of; null for one on its own.',
    }),
    serverId: t.exposeID('serverId', { nullable: true, description: 'Null for one on many servers.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the agent began; null before.',
    }),
    startedBy: t.string({
      nullable: true,
      description: 'Who asked for it, by the name they had then; null when the control plane did by itself.',
      resolve: ({ actor }) => {
        const asked = storedActor(actor);
        return asked && 'id' in asked ? asked.label : null;
      },
    }),
    state: t.field({ type: JobStateEnum, description: 'Where it stands.', resolve: stateOf }),
    step: t.string({
      nullable: true,
      perViewer: true,
      description: `The named step that began last; null ${unread}.`,
      resolve: (job, _args, context) => (mayRead(job, context) ? job.step : null),
    }),
    target: t.field({
      type: JobTarget,
      perViewer: true,
      description: `What it works on; of a kind alone, with an empty id and name, ${unread}.`,
      resolve: (job, _args, context) => {
        const target = targetOf(job);
        return mayRead(job, context) ? target : { kind: target.kind, id: '' };
      },
    }),
  }),
});

/** What every mutation answers that begins long work. */
export const JobPayload = builder.objectRef<{ readonly job: Job }>('JobPayload').implement({
  access: 'inherited',
  description: 'What a mutation answers that begins or ends long work: `jobEvents` follows it.',
  fields: (t) => ({
    job: t.field({ type: JobType, description: 'As it is now.', resolve: ({ job }) => job }),
  }),
});

registerNode('job', {
  typeName: 'Job',
  access: 'servers:read',
  on: (job: Job) => serversOf(job),
  load: (id, { services }): Promise<Job | null> => services.jobs.records.find(id),
});

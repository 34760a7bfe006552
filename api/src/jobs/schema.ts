import type { JobLine } from '@serverkit/prisma/generated/client/client.ts';
import * as z from 'zod';
import type { Rights } from '../access/rights.ts';
import { seesWith, serversWhere } from '../access/sees.ts';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { notFound, permissionDenied } from '../errors.ts';
import { each, everywhere } from '../graphql/access.ts';
import { requireOn } from '../graphql/refusals.ts';
import { jobChanges, type JobChange } from './events.ts';
import { cursorAfter, jobFeed, type JobEvent } from './feed.ts';
import { JobPayload, JobStateEnum, JobType, mayRead } from './job-type.ts';
import { kindOf, kindsByReader } from './kinds.ts';
import { holdsOnAll, seesJob } from './sight.ts';
import { ServerType } from '../servers/server-type.ts';

builder.prismaObjectField(JobType, 'server', (t) =>
  t.relation('server', {
    type: ServerType,
    nullable: true,
    description: 'The server it is on; null for one on many.',
  }),
);

const JobFilter = builder.inputType('JobFilter', {
  description: 'Which jobs to list; what is left out does not matter.',
  fields: (t) => ({
    kind: t.string({ description: 'Of this kind, such as image.pull, or of a noun for all of its kinds.' }),
    parentId: t.id({ description: 'Parts of this one on many servers.' }),
    serverId: t.id({ description: 'On this server.' }),
    states: t.field({ type: [JobStateEnum], description: 'In one of these states.' }),
    targetId: t.id({ description: 'On this target, by its id.' }),
  }),
});

builder.queryFields((t) => ({
  job: t.prismaField({
    type: JobType,
    nullable: true,
    access: 'servers:read',
    on: each,
    description: 'One job; null when there is none with this id, or it ended long ago. Scope: servers:read.',
    args: { id: t.arg.id({ required: true, description: 'Its id, job_….' }) },
    resolve: async (query, _root, { id }, { db, principal: { rights } }) => {
      const job = await db.prisma.job.findUnique({ ...query, where: { id } });
      return job && seesJob(job, rights) ? job : null;
    },
  }),
  jobs: t.prismaConnection(
    {
      type: JobType,
      cursor: 'id',
      access: 'servers:read',
      on: each,
      description:
        'Jobs, the newest first. Who is limited to some servers sees those on them. Scope: servers:read.',
      args: { filter: t.arg({ type: JobFilter }) },
      totalCount: (_connection, { filter }, { db, principal: { rights } }) =>
        db.prisma.job.count({ where: whereOf(filter, rights) }),
      resolve: (query, _root, { filter }, { db, principal: { rights } }) =>
        db.prisma.job.findMany({
          ...query,
          where: whereOf(filter, rights),
          orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        }),
    },
    { name: 'JobConnection' },
    { name: 'JobEdge' },
  ),
}));

function whereOf(filter: typeof JobFilter.$inferInput | null | undefined, rights: Rights) {
  const seen = serversWhere(rights, 'servers:read');
  const { kind, parentId, serverId, states, targetId } = filter ?? {};
  return {
    AND: [
      seen ? { OR: [{ serverId: seen }, { serverIds: { hasSome: seen.in } }] } : {},
      parentId ? { parentId } : {},
      serverId ? { serverId } : {},
      kind ? { OR: [{ kind }, { kind: { startsWith: `${kind}.` } }] } : {},
      states ? { state: { in: states } } : {},
      targetId ? { target: { path: ['id'], equals: targetId }, OR: whoseTargetIsTold(rights) } : {},
    ],
  };
}

/** Jobs whose target is told: to find one by it would tell it as well. Of those on many servers, to who sees all of them. */
function whoseTargetIsTold(rights: Rights) {
  return [...kindsByReader()].map(([scope, kinds]) => {
    const kind = { in: [...kinds] };
    const seen = serversWhere(rights, scope);
    return seen ? { kind, serverId: seen } : { kind };
  });
}

const CancelJobInput = builder.inputType('CancelJobInput', {
  fields: (t) => ({ jobId: t.id({ required: true, description: 'The job, by its id.' }) }),
});

builder.mutationField('cancelJob', (t) =>
  t.field({
    type: JobPayload,
    access: 'servers:read',
    on: each,
    description:
      'Asks a job to end; an agent that is away is told when it is back. One on many servers begins nothing more, and asks its parts to end. Scope: servers:read, and on its server, or all of its servers, the scope that its kind takes to begin.',
    args: { input: t.arg({ type: CancelJobInput, required: true }) },
    resolve: async (_root, { input: { jobId } }, context) => {
      const { jobs } = context.services;
      const job = await jobs.require(jobId);
      requireOn(context, { access: 'servers:read', where: job.serverId ?? each }, 'mutation.cancelJob');
      if (!seesJob(job, context.principal.rights)) throw notFound('job', jobId);
      const kind = kindOf(job.kind);
      if (!kind) throw permissionDenied();
      if (!holdsOnAll(job, context.principal.rights, kind.scope)) {
        // Of one on many servers, which of them is in the way is not told: it may be one that is not seen.
        const where = job.serverId ?? everywhere;
        requireOn(context, { access: kind.scope, where }, 'mutation.cancelJob');
      }
      return { job: await jobs.cancel(jobId, actorOf(context)) };
    },
  }),
);

function placesOf({ serverId, serverIds = [] }: JobChange): readonly string[] {
  return serverId === null ? serverIds : [serverId];
}

const JobStream = builder.enumType('JobStream', {
  description: 'Where a line of a job comes from.',
  values: {
    STDERR: { description: 'Standard error.' },
    STDOUT: { description: 'Standard output, and whatever has no stream of its own.' },
    STEP: { description: 'The job itself: the name of a step that begins.' },
  } as const,
});

const JobLineType = builder.objectRef<JobLine>('JobLine').implement({
  access: 'inherited',
  description: 'What a job said.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When, by the clock of the server.' }),
    seq: t.exposeInt('seq', { description: 'Its number within the job, from 1.' }),
    stream: t.field({
      type: JobStream,
      description: 'Where it comes from.',
      resolve: ({ stream }) => (stream === 'STDERR' || stream === 'STEP' ? stream : 'STDOUT'),
    }),
    text: t.exposeString('text', { description: 'One line, as it was said; it may hold terminal codes.' }),
  }),
});

const JobEventType = builder.objectRef<JobEvent>('JobEvent').implement({
  access: 'inherited',
  description: 'What became known of a job since the event before.',
  fields: (t) => ({
    dropped: t.exposeInt('dropped', {
      description:
        'Lines before these that are not kept any more: a job that says much keeps its newest lines.',
    }),
    job: t.field({ type: JobType, description: 'As it is now.', resolve: ({ job }) => job }),
    lines: t.field({
      type: [JobLineType],
      description: 'New lines, in order.',
      resolve: ({ lines }) => lines,
    }),
  }),
});

builder.subscriptionField('jobEvents', (t) =>
  t.field({
    type: JobEventType,
    access: 'servers:read',
    on: each,
    delivery: 'private',
    description:
      'A job as it goes on: first where it stands with the lines after `after`, then what changes; completes when it has ended. After a break, go on from the last `seq`. Scope: servers:read, and on the server the scope to read what the job works on.',
    args: {
      after: t.arg.int({
        required: true,
        defaultValue: 0,
        description: 'Only lines after this `seq`.',
        validate: z.number().int().min(0),
      }),
      id: t.arg.id({ required: true, description: 'The job, by its id.' }),
    },
    subscribe: async (told, { id, after }, context) => {
      const { jobs, topics } = context.services;
      const job = await jobs.records.find(id);
      if (!job || !seesJob(job, context.principal.rights)) throw notFound('job', id);
      if (!mayRead(job, context)) throw permissionDenied(kindOf(job.kind)?.reads);
      // Opened again because of other rights, it goes on.
      const from = cursorAfter(told) ?? after;
      return jobFeed(jobs.records, topics, { id, after: from, signal: context.signal });
    },
    resolve: (event) => event,
  }),
);

builder.subscriptionField('jobChanges', (t) =>
  t.field({
    type: JobType,
    access: 'servers:read',
    on: (_root, { serverId }) => serverId ?? each,
    overflow: 'skip',
    description:
      'Jobs as they begin, go on and end, on one server or on all that are seen. Scope: servers:read.',
    args: { serverId: t.arg.id({ description: 'Only on this server.' }) },
    subscribe: (_root, { serverId }, { services, signal, principal: { rights } }) => {
      const sees = seesWith(rights, 'servers:read');
      return services.topics.subscribe(jobChanges, {
        signal,
        where: (change) =>
          (!serverId || change.serverId === serverId) && (!sees || placesOf(change).some(sees)),
      });
    },
    resolve: ({ jobId }: JobChange, _args, { services }) => services.jobs.require(jobId),
  }),
);

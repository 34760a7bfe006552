import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import { builder } from '../builder.ts';
import { JobType, mayRead } from '../jobs/job-type.ts';
import { ServerType } from '../servers/server-type.ts';
import type { Target } from './service.ts';
import type { TargetState } from './turn.ts';

const FleetTargetState = builder.enumType('FleetTargetState', {
  description: 'How work on many servers stands on one of them.',
  values: {
    CANCELLED: { value: 'cancelled', description: 'It was cancelled; part of it may have been done.' },
    FAILED: { value: 'failed', description: 'It failed; `errorCode` and `errorMessage` say why.' },
    INTERRUPTED: {
      value: 'interrupted',
      description: 'What did it ended or went away in the middle; part of it may have been done.',
    },
    RUNNING: { value: 'running', description: 'At work.' },
    SKIPPED: { value: 'skipped', description: 'It ended before the turn of this one came.' },
    SUCCEEDED: { value: 'succeeded', description: 'Done.' },
    WAITING: { value: 'waiting', description: 'Its turn is yet to come.' },
  } as const satisfies Record<Uppercase<TargetState>, { value: TargetState; description: string }>,
});

interface ShownTarget extends Target {
  readonly whole: Job;
}

const FleetTarget = builder.objectRef<ShownTarget>('FleetTarget').implement({
  access: 'servers:read',
  on: ({ serverId }) => serverId,
  description: 'One of many servers, and how the work stands there.',
  fields: (t) => ({
    errorCode: t.exposeString('errorCode', {
      nullable: true,
      description: 'One of ErrorCode where it was not done.',
    }),
    errorMessage: t.string({
      nullable: true,
      perViewer: true,
      description: 'Why not, in a sentence; null for those who may not read what it works on.',
      resolve: ({ whole, serverId, errorMessage }, _args, context) =>
        mayRead({ ...whole, serverId }, context) ? errorMessage : null,
    }),
    job: t.prismaField({
      type: JobType,
      nullable: true,
      description: 'What works there; null before it was begun.',
      resolve: (query, { jobId }, _args, { db }) =>
        jobId === null ? null : db.prisma.job.findUnique({ ...query, where: { id: jobId } }),
    }),
    name: t.exposeString('name', { description: 'Of the server.' }),
    server: t.prismaField({
      type: ServerType,
      nullable: true,
      description: 'The server; null when it is gone.',
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUnique({ ...query, where: { id: serverId } }),
    }),
    serverId: t.exposeID('serverId'),
    state: t.field({
      type: FleetTargetState,
      description: 'How it stands there.',
      resolve: ({ state }) => state,
    }),
  }),
});

builder.prismaObjectFields(JobType, (t) => ({
  targets: t.field({
    type: [FleetTarget],
    perViewer: true,
    description:
      'How one on many servers stands on each that is seen, in their order; none for any other job.',
    resolve: async (whole, _args, { services, principal: { rights } }) => {
      const targets = await services.fleet.targets(whole);
      return targets
        .filter(({ serverId }) => rights.on(serverId).has('servers:read'))
        .map((target) => Object.assign({ whole }, target));
    },
  }),
}));

import { builder } from '../builder.ts';
import { ServerType } from '../servers/server-type.ts';
import { severities } from './problem.ts';
import { fleetOverviews, type FleetOverview, type Problem, type ProblemCode } from './service.ts';

const ProblemSeverity = builder.enumType('ProblemSeverity', { values: severities });

const ProblemCodeEnum = builder.enumType('ProblemCode', {
  values: {
    AGENT_ERROR: {},
    AGENT_OFFLINE: {},
    CLOCK_SKEW: { description: 'value: milliseconds.' },
    CONTAINER_RESTARTING: { description: "subject: the container's name." },
    CONTAINER_UNHEALTHY: { description: "subject: the container's name." },
    CPU_HIGH: { description: 'value: percent.' },
    DISK_FULL: { description: 'subject: the mount; value: percent.' },
    DOCKER_UNAVAILABLE: {},
    MEMORY_HIGH: { description: 'value: percent.' },
    REGISTRATION_EXPIRED: { description: 'The invitation ran out before an agent used it.' },
  } as const satisfies Record<ProblemCode, object>,
});

const ProblemType = builder.objectRef<Problem>('Problem').implement({
  access: 'inherited',
  description: 'Something wrong with a server, as a code to translate and a sentence in English.',
  fields: (t) => ({
    code: t.expose('code', { type: ProblemCodeEnum }),
    message: t.exposeString('message'),
    serverId: t.exposeID('serverId'),
    serverName: t.exposeString('serverName'),
    severity: t.expose('severity', { type: ProblemSeverity }),
    since: t.expose('since', { type: 'DateTime', nullable: true }),
    subject: t.exposeString('subject', { nullable: true }),
    value: t.exposeFloat('value', { nullable: true }),
  }),
});

const FleetOverviewType = builder.objectRef<FleetOverview>('FleetOverview').implement({
  access: 'inherited',
  fields: (t) => ({
    connecting: t.exposeInt('connecting'),
    containersRunning: t.exposeInt('containersRunning'),
    containersTotal: t.exposeInt('containersTotal'),
    error: t.exposeInt('error'),
    maintenance: t.exposeInt('maintenance'),
    meanCpuPercent: t.exposeFloat('meanCpuPercent', {
      nullable: true,
      description: 'Over the servers online; null when there is none.',
    }),
    meanMemoryPercent: t.exposeFloat('meanMemoryPercent', { nullable: true }),
    offline: t.exposeInt('offline'),
    online: t.exposeInt('online'),
    pending: t.exposeInt('pending'),
    problems: t.field({
      type: [ProblemType],
      description: 'The worst first, at most 100.',
      resolve: ({ problems }) => problems,
    }),
    problemsTotal: t.exposeInt('problemsTotal'),
    serversTotal: t.exposeInt('serversTotal'),
  }),
});

builder.prismaObjectFields(ServerType, (t) => ({
  problems: t.field({
    type: [ProblemType],
    description: 'What is wrong now, the worst first.',
    resolve: async ({ id }, _args, { services: { overview } }) => {
      await overview.upToDate();
      return overview.problems(id);
    },
  }),
}));

builder.queryField('fleetOverview', (t) =>
  t.field({
    type: FleetOverviewType,
    access: 'servers:read',
    description: 'The fleet in one look. Scope: servers:read.',
    resolve: async (_root, _args, { services: { overview } }) => {
      await overview.upToDate();
      return overview.now();
    },
  }),
);

builder.subscriptionField('fleetOverview', (t) =>
  t.field({
    type: FleetOverviewType,
    access: 'servers:read',
    description: 'The overview: now, then whenever it changed, at most once a second. Scope: servers:read.',
    snapshot: (_args, { services }) => [services.overview.now()],
    subscribe: (_root, _args, { services, signal }) => services.topics.subscribe(fleetOverviews, { signal }),
    resolve: (overview) => overview,
  }),
);

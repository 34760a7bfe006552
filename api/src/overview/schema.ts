import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { ServerType } from '../servers/server-type.ts';
import type { Severity } from './problem.ts';
import { type FleetOverview, type Problem, type ProblemCode } from './service.ts';

const ProblemSeverity = builder.enumType('ProblemSeverity', {
  description: 'How bad a problem is.',
  values: {
    CRITICAL: { description: 'Something does not work.' },
    WARNING: { description: 'Something will not work for long if nobody looks after it.' },
  } as const satisfies Record<Severity, object>,
});

const ProblemCodeEnum = builder.enumType('ProblemCode', {
  description:
    'What kind of problem it is, and what its `subject` and `value` are; null where nothing is said.',
  values: {
    AGENT_ERROR: { description: 'The agent connects and cannot be talked to.' },
    AGENT_OFFLINE: { description: 'The agent is not connected.' },
    CLOCK_SKEW: { description: 'value: milliseconds.' },
    CONTAINER_RESTARTING: { description: "subject: the container's name." },
    CONTAINER_UNHEALTHY: { description: "subject: the container's name." },
    CPU_HIGH: { description: 'value: percent.' },
    DISK_FULL: { description: 'subject: the mount; value: percent.' },
    DOCKER_UNAVAILABLE: { description: 'Docker is there and does not answer.' },
    MEMORY_HIGH: { description: 'value: percent.' },
    REGISTRATION_EXPIRED: { description: 'The invitation ran out before an agent used it.' },
    UPDATE_FAILED: {
      description:
        "An update that a policy knows of failed, and is not tried again by itself; subject: the container's or stack's name.",
    },
  } as const satisfies Record<ProblemCode, object>,
});

const ProblemType = builder.objectRef<Problem>('Problem').implement({
  access: 'servers:read',
  on: ({ serverId }) => serverId,
  description: 'Something wrong with a server, as a code to translate and a sentence in English.',
  fields: (t) => ({
    code: t.expose('code', { type: ProblemCodeEnum, description: 'What kind it is.' }),
    message: t.exposeString('message', { description: 'A sentence in English.' }),
    serverId: t.exposeID('serverId'),
    serverName: t.exposeString('serverName', { description: "The server's name." }),
    severity: t.expose('severity', { type: ProblemSeverity, description: 'How bad it is.' }),
    since: t.expose('since', {
      type: 'DateTime',
      nullable: true,
      description: 'When it began, as far as known.',
    }),
    subject: t.exposeString('subject', {
      nullable: true,
      description: 'The container, stack or mount it is about.',
    }),
    value: t.exposeFloat('value', {
      nullable: true,
      description: 'A number that says how bad; see the codes for its unit.',
    }),
  }),
});

const FleetOverviewType = builder.objectRef<FleetOverview>('FleetOverview').implement({
  access: 'inherited',
  description: 'How many servers are in which state, and what is wrong.',
  fields: (t) => ({
    connecting: t.exposeInt('connecting', { description: 'Servers whose agent is shaking hands.' }),
    containersRunning: t.exposeInt('containersRunning', {
      description: 'Running containers of all servers, as last seen.',
    }),
    containersTotal: t.exposeInt('containersTotal', {
      description: 'Containers of all servers, as last seen.',
    }),
    error: t.exposeInt('error', { description: 'Servers whose agent cannot be talked to.' }),
    maintenance: t.exposeInt('maintenance', { description: 'Servers in maintenance.' }),
    meanCpuPercent: t.exposeFloat('meanCpuPercent', {
      nullable: true,
      description: 'Over the servers online; null when there is none.',
    }),
    meanMemoryPercent: t.exposeFloat('meanMemoryPercent', {
      nullable: true,
      description: 'Over the servers online; null when there is none.',
    }),
    offline: t.exposeInt('offline', { description: 'Servers whose agent is not connected.' }),
    online: t.exposeInt('online', { description: 'Servers whose agent is connected.' }),
    pending: t.exposeInt('pending', { description: 'Servers that no agent has joined yet.' }),
    problems: t.field({
      type: [ProblemType],
      description: 'The worst first, at most 100.',
      resolve: ({ problems }) => problems,
    }),
    problemsTotal: t.exposeInt('problemsTotal', {
      description: 'All problems, also those left out of the list.',
    }),
    serversTotal: t.exposeInt('serversTotal', { description: 'All servers.' }),
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
    on: each,
    description: 'The fleet in one look, as far as it is seen. Scope: servers:read.',
    resolve: async (_root, _args, { services: { overview }, principal: { rights } }) => {
      await overview.upToDate();
      return overview.now(rights);
    },
  }),
);

builder.subscriptionField('fleetOverview', (t) =>
  t.field({
    type: FleetOverviewType,
    access: 'servers:read',
    on: each,
    description: 'The overview: now, then whenever it changed, at most once a second. Scope: servers:read.',
    snapshot: (_args, { services, principal: { rights } }) => [{ overview: services.overview.now(rights) }],
    subscribe: (_root, _args, { services, signal, principal: { rights } }) =>
      services.overview.follow(rights, signal),
    resolve: ({ overview }) => overview,
  }),
);

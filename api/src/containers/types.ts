import { builder } from '../builder.ts';
import { DockerFacts, ServerType } from '../servers/server-type.ts';
import type { ContainerChange } from './mirror.ts';
import type { LogBatch } from './logs.ts';
import type { ContainerDetails, ContainerStatsBatch, SeenContainer } from './service.ts';

type AgentContainer = SeenContainer['container'];

export const ContainerStateEnum = builder.enumType('ContainerState', {
  values: ['CREATED', 'DEAD', 'EXITED', 'PAUSED', 'REMOVING', 'RESTARTING', 'RUNNING'] as const,
});

const healths = ['healthy', 'starting', 'unhealthy'] as const;

const ContainerHealth = builder.enumType('ContainerHealth', {
  values: {
    HEALTHY: { value: 'healthy' },
    STARTING: { value: 'starting' },
    UNHEALTHY: { value: 'unhealthy' },
  } as const satisfies Record<Uppercase<(typeof healths)[number]>, { value: (typeof healths)[number] }>,
});

const Label = builder.objectRef<AgentContainer['labels'][number]>('Label').implement({
  access: 'inherited',
  fields: (t) => ({ key: t.exposeString('key'), value: t.exposeString('value') }),
});

const Port = builder.objectRef<AgentContainer['ports'][number]>('Port').implement({
  access: 'inherited',
  fields: (t) => ({
    address: t.exposeString('address', {
      nullable: true,
      description: 'Where it is published; null when it is only exposed.',
    }),
    privatePort: t.exposeInt('privatePort'),
    protocol: t.exposeString('protocol'),
    publicPort: t.exposeInt('publicPort', { nullable: true }),
  }),
});

const ContainerMount = builder.objectRef<ContainerDetails['mounts'][number]>('ContainerMount').implement({
  access: 'inherited',
  fields: (t) => ({
    destination: t.exposeString('destination'),
    kind: t.exposeString('type', { description: 'bind, volume, tmpfs, …' }),
    readOnly: t.exposeBoolean('readOnly'),
    source: t.exposeString('source'),
  }),
});

const Details = builder.objectRef<ContainerDetails>('ContainerDetails').implement({
  access: 'inherited',
  fields: (t) => ({
    cpuLimit: t.float({
      nullable: true,
      description: 'CPUs it may use at once; null when unlimited.',
      resolve: ({ limits }) => limits.cpus,
    }),
    entrypoint: t.exposeStringList('entrypoint'),
    environmentNames: t.exposeStringList('environmentNames', {
      description: 'Names only: values can be secrets.',
    }),
    healthcheck: t.stringList({ resolve: ({ healthcheck }) => healthcheck?.test ?? [] }),
    hostname: t.exposeString('hostname'),
    memoryLimitBytes: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'The memory limit in bytes; null when unlimited.',
      resolve: ({ limits }) => limits.memoryBytes,
    }),
    mounts: t.field({ type: [ContainerMount], resolve: ({ mounts }) => mounts }),
    oomKilled: t.exposeBoolean('oomKilled'),
    privileged: t.exposeBoolean('privileged'),
    restartCount: t.exposeInt('restartCount'),
    restartPolicy: t.exposeString('restartPolicy'),
    tty: t.exposeBoolean('tty'),
    user: t.exposeString('user'),
    workingDir: t.exposeString('workingDir'),
  }),
});

const date = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

export const ContainerType = builder.objectRef<SeenContainer>('Container').implement({
  access: 'docker:containers:read',
  fields: (t) => ({
    command: t.string({ resolve: ({ container }) => container.command }),
    cpuPercent: t.float({
      nullable: true,
      description: 'Percent of one core, so 250 is two and a half cores; null when not running.',
      resolve: ({ container }) => container.cpuPercent,
    }),
    createdAt: t.field({ type: 'DateTime', resolve: ({ container }) => new Date(container.createdAt) }),
    details: t.field({
      type: Details,
      nullable: true,
      description: 'What inspecting tells; asks the agent.',
      resolve: ({ serverId, container }, _args, { services, principal }) =>
        services.containers.details(
          serverId,
          container.id,
          principal.kind === 'user' ? principal.user.id : 'system',
        ),
    }),
    exitCode: t.int({ nullable: true, resolve: ({ container }) => container.exitCode }),
    finishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: ({ container }) => date(container.finishedAt),
    }),
    health: t.field({
      type: ContainerHealth,
      nullable: true,
      resolve: ({ container }) => healths.find((health) => health === container.health) ?? null,
    }),
    id: t.id({
      description: "Docker's id, 64 hexadecimal digits.",
      resolve: ({ container }) => container.id,
    }),
    image: t.string({ resolve: ({ container }) => container.image }),
    imageId: t.string({ resolve: ({ container }) => container.imageId }),
    labels: t.field({ type: [Label], resolve: ({ container }) => container.labels }),
    memoryBytes: t.field({
      type: 'SafeInt',
      nullable: true,
      resolve: ({ container }) => container.memoryBytes,
    }),
    memoryLimitBytes: t.field({
      type: 'SafeInt',
      nullable: true,
      description: "The container's limit, or the machine's memory where there is none.",
      resolve: ({ container }) => container.memoryLimitBytes,
    }),
    name: t.string({ resolve: ({ container }) => container.name }),
    networks: t.stringList({ resolve: ({ container }) => container.networks }),
    observedAt: t.expose('observedAt', { type: 'DateTime', description: 'When this was last seen.' }),
    ports: t.field({ type: [Port], resolve: ({ container }) => container.ports }),
    server: t.prismaField({
      type: ServerType,
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUniqueOrThrow({ ...query, where: { id: serverId } }),
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: ({ container }) => date(container.startedAt),
    }),
    state: t.field({ type: ContainerStateEnum, resolve: ({ container }) => container.state }),
    status: t.string({
      description: "Docker's words: Up 3 hours (healthy).",
      resolve: ({ container }) => container.status,
    }),
  }),
});

const ContainerEventKind = builder.enumType('ContainerEventKind', {
  values: {
    DELTA: {},
    DOCKER: { description: 'Docker came or went.' },
    SNAPSHOT: {},
  } as const,
});

export const ContainerEvent = builder.objectRef<ContainerChange>('ContainerEvent').implement({
  access: 'inherited',
  fields: (t) => ({
    containers: t.field({
      type: [ContainerType],
      description: 'All of them in a snapshot; those that changed in a delta.',
      resolve: ({ serverId, containers, observedAt }) =>
        containers.map((container) => ({ serverId, container, observedAt })),
    }),
    docker: t.field({ type: DockerFacts, nullable: true, resolve: ({ docker }) => docker }),
    kind: t.field({ type: ContainerEventKind, resolve: ({ kind }) => kind }),
    observedAt: t.expose('observedAt', { type: 'DateTime' }),
    removedIds: t.field({ type: ['ID'], resolve: ({ removedIds }) => [...removedIds] }),
    serverId: t.exposeID('serverId'),
  }),
});

const ContainerStats = builder.objectRef<ContainerStatsBatch['items'][number]>('ContainerStats').implement({
  access: 'inherited',
  fields: (t) => ({
    blockReadBytes: t.expose('blockReadBytes', { type: 'SafeInt', nullable: true }),
    blockWriteBytes: t.expose('blockWrittenBytes', { type: 'SafeInt', nullable: true }),
    containerId: t.exposeID('id'),
    cpuPercent: t.exposeFloat('cpuPercent'),
    memoryBytes: t.expose('memoryBytes', { type: 'SafeInt' }),
    memoryLimitBytes: t.expose('memoryLimitBytes', { type: 'SafeInt' }),
    networkReceivedBytes: t.expose('networkReceivedBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Since the container started.',
    }),
    networkSentBytes: t.expose('networkSentBytes', { type: 'SafeInt', nullable: true }),
    pids: t.exposeInt('pids', { nullable: true }),
  }),
});

export const ContainerStatsBatchType = builder
  .objectRef<ContainerStatsBatch>('ContainerStatsBatch')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      at: t.field({ type: 'DateTime', resolve: ({ at }) => new Date(at) }),
      items: t.field({ type: [ContainerStats], resolve: ({ items }) => items }),
    }),
  });

const LogStream = builder.enumType('LogStream', { values: ['STDERR', 'STDOUT'] as const });

const LogSegment = builder.objectRef<LogBatch['segments'][number]>('LogSegment').implement({
  access: 'inherited',
  description: 'Whole lines, each ending in a line feed. A line over 64 KB comes in pieces.',
  fields: (t) => ({
    partial: t.exposeBoolean('partial', {
      description: 'The line goes on in the next segment of this stream.',
    }),
    stream: t.field({ type: LogStream, resolve: ({ stream }) => stream }),
    text: t.exposeString('text', { description: 'As UTF-8; what is not becomes U+FFFD.' }),
  }),
});

export const LogBatchType = builder.objectRef<LogBatch>('LogBatch').implement({
  access: 'inherited',
  fields: (t) => ({ segments: t.field({ type: [LogSegment], resolve: ({ segments }) => segments }) }),
});

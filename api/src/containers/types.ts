import { builder } from '../builder.ts';
import { isPerson } from '../context.ts';
import { DockerFacts, ServerType } from '../servers/server-type.ts';
import type { ContainerChange } from './mirror.ts';
import type { LogBatch } from './logs.ts';
import type { ContainerDetails, ContainerStatsBatch, SeenContainer } from './service.ts';

type AgentContainer = SeenContainer['container'];

export const ContainerStateEnum = builder.enumType('ContainerState', {
  description: "What a container does, in Docker's words.",
  values: {
    CREATED: { description: 'Made and never started.' },
    DEAD: { description: 'Half removed; Docker could not finish.' },
    EXITED: { description: 'Its main process has ended; see `exitCode`.' },
    PAUSED: { description: 'Frozen; nothing in it runs.' },
    REMOVING: { description: 'Being removed.' },
    RESTARTING: { description: 'Ended and about to be started again by its restart policy.' },
    RUNNING: { description: 'Its main process runs.' },
  } as const,
});

const healths = ['healthy', 'starting', 'unhealthy'] as const;

export const ContainerHealthEnum = builder.enumType('ContainerHealth', {
  description: 'What its own health check says of a running container.',
  values: {
    HEALTHY: { value: 'healthy', description: 'The last checks passed.' },
    STARTING: { value: 'starting', description: 'In its grace period after the start.' },
    UNHEALTHY: { value: 'unhealthy', description: 'Too many checks in a row failed.' },
  } as const satisfies Record<
    Uppercase<(typeof healths)[number]>,
    { value: (typeof healths)[number]; description: string }
  >,
});

export const LabelType = builder.objectRef<AgentContainer['labels'][number]>('Label').implement({
  access: 'inherited',
  description: 'A label of a container, an image, …, or an option of a driver.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Its name.' }),
    value: t.exposeString('value', { description: 'Its value; may be empty.' }),
  }),
});

const Port = builder.objectRef<AgentContainer['ports'][number]>('Port').implement({
  access: 'inherited',
  description: 'A port of a container, and where the host publishes it.',
  fields: (t) => ({
    address: t.exposeString('address', {
      nullable: true,
      description: 'Where it is published; null when it is only exposed.',
    }),
    privatePort: t.exposeInt('privatePort', { description: 'The port inside the container.' }),
    protocol: t.exposeString('protocol', { description: 'tcp, udp or sctp.' }),
    publicPort: t.exposeInt('publicPort', {
      nullable: true,
      description: 'The port on the host; null when it is only exposed.',
    }),
  }),
});

const ContainerMount = builder.objectRef<ContainerDetails['mounts'][number]>('ContainerMount').implement({
  access: 'inherited',
  description: "A part of a container's file system that comes from outside of it.",
  fields: (t) => ({
    destination: t.exposeString('destination', { description: 'Where it is inside the container.' }),
    kind: t.exposeString('type', { description: 'bind, volume, tmpfs, …' }),
    name: t.exposeString('name', { nullable: true, description: 'Of a volume; null for what is none.' }),
    readOnly: t.exposeBoolean('readOnly', { description: 'Whether the container cannot write to it.' }),
    source: t.exposeString('source', { description: 'Where it is on the host; empty for tmpfs.' }),
  }),
});

const EnvironmentVariable = builder
  .objectRef<NonNullable<ContainerDetails['environment']>[number]>('EnvironmentVariable')
  .implement({
    access: 'inherited',
    description: 'An environment variable of a container.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name.' }),
      secret: t.string({
        nullable: true,
        description: 'The secret that it came from, by name; its value is never told.',
        resolve: ({ secret }) => secret ?? null,
      }),
      value: t.exposeString('value', {
        nullable: true,
        description: 'Null where it looks secret: `revealContainerEnvironment` tells it.',
      }),
    }),
  });

const Details = builder.objectRef<ContainerDetails>('ContainerDetails').implement({
  access: 'inherited',
  description: 'What only inspecting a container tells.',
  fields: (t) => ({
    cpuLimit: t.float({
      nullable: true,
      description: 'CPUs it may use at once; null when unlimited.',
      resolve: ({ limits }) => limits.cpus,
    }),
    entrypoint: t.exposeStringList('entrypoint', {
      description: 'The program and the arguments that `command` is given to; empty when the image has none.',
    }),
    environment: t.field({
      type: [EnvironmentVariable],
      nullable: true,
      description: 'Its variables, those of its image included; null when the agent is too old to tell.',
      resolve: ({ environment }) => environment ?? null,
    }),
    environmentNames: t.exposeStringList('environmentNames', { description: 'The names alone.' }),
    healthcheck: t.stringList({
      description:
        'The health check as Docker runs it, such as CMD-SHELL and a command; empty when there is none.',
      resolve: ({ healthcheck }) => healthcheck?.test ?? [],
    }),
    hostname: t.exposeString('hostname', { description: 'The name it gives itself.' }),
    inspect: t.exposeString('inspectJson', {
      description: 'All that docker inspect tells, as JSON; values of variables that look secret are masked.',
    }),
    memoryLimitBytes: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'The memory limit in bytes; null when unlimited.',
      resolve: ({ limits }) => limits.memoryBytes,
    }),
    mounts: t.field({
      type: [ContainerMount],
      description: 'Volumes, bind mounts and others.',
      resolve: ({ mounts }) => mounts,
    }),
    oomKilled: t.exposeBoolean('oomKilled', {
      description: 'Whether the kernel ended it last for using too much memory.',
    }),
    privileged: t.exposeBoolean('privileged', {
      description: 'Whether it may do anything that root may on the host.',
    }),
    restartCount: t.exposeInt('restartCount', {
      description: 'How often its restart policy has started it again.',
    }),
    restartPolicy: t.exposeString('restartPolicy', {
      description: 'no, always, unless-stopped or on-failure:<n>.',
    }),
    tty: t.exposeBoolean('tty', { description: 'Whether it has a terminal; its log then has one stream.' }),
    user: t.exposeString('user', {
      description: "The account its main process runs as; empty for the image's own.",
    }),
    workingDir: t.exposeString('workingDir', { description: 'The directory its main process starts in.' }),
  }),
});

const date = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

export const ContainerType = builder.objectRef<SeenContainer>('Container').implement({
  access: 'docker:containers:read',
  on: ({ serverId }) => serverId,
  description: 'A Docker container on a server.',
  fields: (t) => ({
    command: t.string({
      description: 'What its main process runs, as a line.',
      resolve: ({ container }) => container.command,
    }),
    cpuPercent: t.float({
      nullable: true,
      description: 'Percent of one core, so 250 is two and a half cores; null when not running.',
      resolve: ({ container }) => container.cpuPercent,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was made.',
      resolve: ({ container }) => new Date(container.createdAt),
    }),
    details: t.field({
      type: Details,
      nullable: true,
      description: 'What inspecting tells; asks the agent.',
      resolve: ({ serverId, container }, _args, { services, principal }) =>
        services.containers.details(
          serverId,
          container.id,
          isPerson(principal) ? principal.user.id : 'system',
        ),
    }),
    exitCode: t.int({
      nullable: true,
      description: 'How its main process ended; null while it runs or has never run.',
      resolve: ({ container }) => container.exitCode,
    }),
    finishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its main process ended; null while it runs or has never run.',
      resolve: ({ container }) => date(container.finishedAt),
    }),
    health: t.field({
      type: ContainerHealthEnum,
      nullable: true,
      description: 'What its health check says; null when it has none or is not running.',
      resolve: ({ container }) => healths.find((health) => health === container.health) ?? null,
    }),
    id: t.id({
      description: "Docker's id, 64 hexadecimal digits.",
      resolve: ({ container }) => container.id,
    }),
    image: t.string({
      description: 'The image as it was named when the container was made.',
      resolve: ({ container }) => container.image,
    }),
    imageId: t.string({
      description: "Docker's id of the image, sha256:….",
      resolve: ({ container }) => container.imageId,
    }),
    labels: t.field({
      type: [LabelType],
      description: 'Its labels, those of its image included.',
      resolve: ({ container }) => container.labels,
    }),
    memoryBytes: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'Memory in use, page cache left out; null when not running.',
      resolve: ({ container }) => container.memoryBytes,
    }),
    memoryLimitBytes: t.field({
      type: 'SafeInt',
      nullable: true,
      description:
        "The container's limit, or the machine's memory where there is none; null when not running.",
      resolve: ({ container }) => container.memoryLimitBytes,
    }),
    name: t.string({
      description: "Its name, without Docker's leading slash.",
      resolve: ({ container }) => container.name,
    }),
    networks: t.stringList({
      description: 'The Docker networks it is in.',
      resolve: ({ container }) => container.networks,
    }),
    observedAt: t.expose('observedAt', { type: 'DateTime', description: 'When this was last seen.' }),
    ports: t.field({
      type: [Port],
      description: 'The ports it exposes or publishes.',
      resolve: ({ container }) => container.ports,
    }),
    server: t.prismaField({
      type: ServerType,
      description: 'The server it is on.',
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUniqueOrThrow({ ...query, where: { id: serverId } }),
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its main process was last started; null when it never was.',
      resolve: ({ container }) => date(container.startedAt),
    }),
    state: t.field({
      type: ContainerStateEnum,
      description: 'What it does now.',
      resolve: ({ container }) => container.state,
    }),
    status: t.string({
      description: "Docker's words: Up 3 hours (healthy).",
      resolve: ({ container }) => container.status,
    }),
  }),
});

const ContainerEventKind = builder.enumType('ContainerEventKind', {
  description: 'What an event about containers brings.',
  values: {
    DELTA: { description: 'Those that changed, and the ids of those that are gone.' },
    DOCKER: { description: 'Docker came or went.' },
    SNAPSHOT: { description: 'All containers of a server: forget what was known of it.' },
  } as const,
});

export const ContainerEvent = builder.objectRef<ContainerChange>('ContainerEvent').implement({
  access: 'docker:containers:read',
  on: ({ serverId }) => serverId,
  description: 'What became of the containers of one server.',
  fields: (t) => ({
    containers: t.field({
      type: [ContainerType],
      description: 'All of them in a snapshot; those that changed in a delta.',
      resolve: ({ serverId, containers, observedAt }) =>
        containers.map((container) => ({ serverId, container, observedAt })),
    }),
    docker: t.field({
      type: DockerFacts,
      nullable: true,
      description: 'Docker itself, as of now.',
      resolve: ({ docker }) => docker,
    }),
    kind: t.field({ type: ContainerEventKind, description: 'How to read it.', resolve: ({ kind }) => kind }),
    observedAt: t.expose('observedAt', { type: 'DateTime', description: 'When this was seen.' }),
    removedIds: t.field({
      type: ['ID'],
      description: 'In a delta, containers that are gone.',
      resolve: ({ removedIds }) => [...removedIds],
    }),
    serverId: t.exposeID('serverId'),
  }),
});

const ContainerStats = builder.objectRef<ContainerStatsBatch['items'][number]>('ContainerStats').implement({
  access: 'inherited',
  description: 'What a running container uses. Counters start with the container.',
  fields: (t) => ({
    blockReadBytes: t.expose('blockReadBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Read from disks; null where the kernel does not tell.',
    }),
    blockWriteBytes: t.expose('blockWrittenBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Written to disks; null where the kernel does not tell.',
    }),
    containerId: t.exposeID('id', { description: "The container, by Docker's id." }),
    cpuPercent: t.exposeFloat('cpuPercent', {
      description: 'Percent of one core, so 250 is two and a half cores.',
    }),
    memoryBytes: t.expose('memoryBytes', {
      type: 'SafeInt',
      description: 'Memory in use, page cache left out.',
    }),
    memoryLimitBytes: t.expose('memoryLimitBytes', {
      type: 'SafeInt',
      description: "Its limit, or the machine's memory where there is none.",
    }),
    networkReceivedBytes: t.expose('networkReceivedBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Since the container started.',
    }),
    networkSentBytes: t.expose('networkSentBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Sent since the container started; null when it has no network of its own.',
    }),
    pids: t.exposeInt('pids', {
      nullable: true,
      description: 'Processes and threads in it; null where the kernel does not tell.',
    }),
  }),
});

export const ContainerStatsBatchType = builder
  .objectRef<ContainerStatsBatch>('ContainerStatsBatch')
  .implement({
    access: 'inherited',
    description: 'All running containers of a server, measured at one moment.',
    fields: (t) => ({
      at: t.field({
        type: 'DateTime',
        description: 'When it was measured.',
        resolve: ({ at }) => new Date(at),
      }),
      items: t.field({
        type: [ContainerStats],
        description: 'One entry for each running container.',
        resolve: ({ items }) => items,
      }),
    }),
  });

export const LogStream = builder.enumType('LogStream', {
  description: 'The streams a container writes its log to.',
  values: {
    STDERR: { description: 'Standard error.' },
    STDOUT: { description: 'Standard output; all there is with a terminal.' },
  } as const,
});

const LogSegment = builder.objectRef<LogBatch['segments'][number]>('LogSegment').implement({
  access: 'inherited',
  description: 'Whole lines, each ending in a line feed. A line over 64 KB comes in pieces.',
  fields: (t) => ({
    partial: t.exposeBoolean('partial', {
      description: 'The line goes on in the next segment of this stream.',
    }),
    stream: t.field({
      type: LogStream,
      description: 'Which stream it was written to.',
      resolve: ({ stream }) => stream,
    }),
    text: t.exposeString('text', { description: 'As UTF-8; what is not becomes U+FFFD.' }),
  }),
});

export const LogBatchType = builder.objectRef<LogBatch>('LogBatch').implement({
  access: 'inherited',
  description: 'The next part of a log.',
  fields: (t) => ({
    segments: t.field({
      type: [LogSegment],
      description: 'In the order of the log.',
      resolve: ({ segments }) => segments,
    }),
  }),
});

import { builder } from '../builder.ts';
import {
  containerStates,
  type Container,
  type ContainerChange,
  type ContainerStats,
  type ContainerStatsBatch,
  type DockerFacts,
  type Label,
  type Port,
} from './container.ts';

export const DockerFactsType = builder.objectRef<DockerFacts>('DockerFacts').implement({
  fields: (t) => ({
    available: t.exposeBoolean('available'),
    version: t.exposeString('version', { nullable: true }),
    apiVersion: t.exposeString('apiVersion', { nullable: true }),
    storageDriver: t.exposeString('storageDriver', { nullable: true }),
    error: t.exposeString('error', {
      nullable: true,
      description: 'Why it is not available, as a sentence.',
    }),
  }),
});

export const ContainerStateType = builder.enumType('ContainerState', { values: containerStates });

export const LabelType = builder.objectRef<Label>('Label').implement({
  fields: (t) => ({ key: t.exposeString('key'), value: t.exposeString('value') }),
});

const PortType = builder.objectRef<Port>('Port').implement({
  fields: (t) => ({
    privatePort: t.exposeInt('privatePort'),
    publicPort: t.exposeInt('publicPort', {
      nullable: true,
      description: 'Null when exposed but not published.',
    }),
    protocol: t.exposeString('protocol', { description: 'tcp, udp or sctp.' }),
    address: t.exposeString('address', {
      nullable: true,
      description: 'Address of the host it is published on.',
    }),
  }),
});

/** A container as lists show it. */
export const ContainerType = builder.objectRef<Container>('Container').implement({
  description: 'A container as lists show it. Times are ms since 1970.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Docker's full id, 64 hex digits." }),
    name: t.exposeString('name'),
    image: t.exposeString('image'),
    imageId: t.exposeString('imageId'),
    command: t.exposeString('command'),
    state: t.expose('state', { type: ContainerStateType }),
    status: t.exposeString('status', { description: 'In Docker\'s words: "Up 5 minutes (healthy)".' }),
    createdAt: t.expose('createdAt', { type: 'SafeInt' }),
    startedAt: t.expose('startedAt', { type: 'SafeInt', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'SafeInt', nullable: true }),
    exitCode: t.exposeInt('exitCode', {
      nullable: true,
      description: 'Null while it runs or has never run.',
    }),
    health: t.exposeString('health', {
      nullable: true,
      description: 'starting, healthy or unhealthy; null without a health check.',
    }),
    labels: t.expose('labels', { type: [LabelType] }),
    ports: t.expose('ports', { type: [PortType] }),
    networks: t.exposeStringList('networks'),
    cpuPercent: t.exposeFloat('cpuPercent', {
      nullable: true,
      description:
        'Percent of one core, so up to 100 × cores; mean over the last seconds, null when not running.',
    }),
    memoryBytes: t.expose('memoryBytes', { type: 'SafeInt', nullable: true }),
    memoryLimitBytes: t.expose('memoryLimitBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'The memory of the host where no limit is set.',
    }),
  }),
});

const ChangeKind = builder.enumType('ContainerChangeKind', {
  values: {
    SNAPSHOT: { description: 'A page of all containers; forget the others once a page is complete.' },
    DELTA: { description: 'What changed.' },
    DOCKER: { description: 'Docker came or went. What was known of containers is what was last seen.' },
  } as const,
});

/** A step of the live list. */
export const ContainerChangeType = builder.objectRef<ContainerChange>('ContainerChange').implement({
  fields: (t) => ({
    kind: t.expose('kind', { type: ChangeKind }),
    containers: t.expose('containers', { type: [ContainerType] }),
    removedIds: t.exposeIDList('removedIds'),
    docker: t.expose('docker', { type: DockerFactsType }),
    complete: t.exposeBoolean('complete', { description: 'False on every page of a snapshot but its last.' }),
    at: t.expose('at', { type: 'SafeInt' }),
  }),
});

const Stats = builder.objectRef<ContainerStats>('ContainerStats').implement({
  description: 'Use of one running container, agreeing with docker stats. Counters count since it started.',
  fields: (t) => ({
    id: t.exposeID('id'),
    cpuPercent: t.exposeFloat('cpuPercent', { description: 'Percent of one core.' }),
    memoryBytes: t.expose('memoryBytes', {
      type: 'SafeInt',
      description: 'Without the file cache that the kernel would drop first.',
    }),
    memoryLimitBytes: t.expose('memoryLimitBytes', { type: 'SafeInt' }),
    networkReceivedBytes: t.expose('networkReceivedBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Null where the container has no network of its own.',
    }),
    networkSentBytes: t.expose('networkSentBytes', { type: 'SafeInt', nullable: true }),
    blockReadBytes: t.expose('blockReadBytes', { type: 'SafeInt', nullable: true }),
    blockWrittenBytes: t.expose('blockWrittenBytes', { type: 'SafeInt', nullable: true }),
    pids: t.exposeInt('pids', { nullable: true }),
  }),
});

/** Use of all running containers at one moment. */
export const ContainerStatsBatchType = builder
  .objectRef<ContainerStatsBatch>('ContainerStatsBatch')
  .implement({
    fields: (t) => ({
      at: t.expose('at', { type: 'SafeInt' }),
      items: t.expose('items', { type: [Stats] }),
    }),
  });

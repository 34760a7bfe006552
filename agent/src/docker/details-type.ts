import { builder } from '../builder.ts';
import { ContainerType } from './container-type.ts';
import type { Variable } from './environment.ts';
import type { ContainerDetails, ContainerHealthcheck, ContainerLimits, ContainerMount } from './details.ts';

const Mount = builder.objectRef<ContainerMount>('ContainerMount').implement({
  fields: (t) => ({
    type: t.exposeString('type', { description: 'bind, volume, tmpfs, …' }),
    name: t.exposeString('name', { nullable: true, description: 'Of a volume.' }),
    source: t.exposeString('source'),
    destination: t.exposeString('destination'),
    readOnly: t.exposeBoolean('readOnly'),
  }),
});

const Limits = builder.objectRef<ContainerLimits>('ContainerLimits').implement({
  description: 'Null stands for no limit.',
  fields: (t) => ({
    memoryBytes: t.expose('memoryBytes', { type: 'SafeInt', nullable: true }),
    cpus: t.exposeFloat('cpus', { nullable: true }),
    pids: t.exposeInt('pids', { nullable: true }),
  }),
});

const Healthcheck = builder.objectRef<ContainerHealthcheck>('ContainerHealthcheck').implement({
  fields: (t) => ({
    test: t.exposeStringList('test'),
    intervalMs: t.expose('intervalMs', { type: 'SafeInt', nullable: true }),
    timeoutMs: t.expose('timeoutMs', { type: 'SafeInt', nullable: true }),
    retries: t.exposeInt('retries', { nullable: true }),
    failingStreak: t.exposeInt('failingStreak'),
    lastOutput: t.exposeString('lastOutput', {
      nullable: true,
      description: 'Of the last check, at most 4 KB.',
    }),
  }),
});

const VariableType = builder.objectRef<Variable>('EnvironmentVariable').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    value: t.exposeString('value', { nullable: true, description: 'Null where it looks secret.' }),
    secret: t.exposeString('secret', {
      nullable: true,
      description: 'The secret that it came from, by name; its value is never told.',
    }),
  }),
});

/** One container in depth. */
export const ContainerDetailsType = builder.objectRef<ContainerDetails>('ContainerDetails').implement({
  description: 'One container in depth.',
  fields: (t) => ({
    container: t.expose('container', { type: ContainerType }),
    entrypoint: t.exposeStringList('entrypoint'),
    arguments: t.exposeStringList('arguments'),
    workingDir: t.exposeString('workingDir'),
    user: t.exposeString('user'),
    hostname: t.exposeString('hostname'),
    tty: t.exposeBoolean('tty'),
    privileged: t.exposeBoolean('privileged'),
    restartPolicy: t.exposeString('restartPolicy', {
      description: 'no, always, unless-stopped or on-failure:<n>.',
    }),
    restartCount: t.exposeInt('restartCount'),
    networkMode: t.exposeString('networkMode'),
    logDriver: t.exposeString('logDriver'),
    platform: t.exposeString('platform'),
    pid: t.exposeInt('pid', { nullable: true }),
    oomKilled: t.exposeBoolean('oomKilled'),
    error: t.exposeString('error', { nullable: true, description: 'Why the engine could not start it.' }),
    mounts: t.expose('mounts', { type: [Mount] }),
    environmentNames: t.exposeStringList('environmentNames'),
    environment: t.expose('environment', { type: [VariableType], nullable: true }),
    limits: t.expose('limits', { type: Limits }),
    healthcheck: t.expose('healthcheck', { type: Healthcheck, nullable: true }),
    inspectJson: t.exposeString('inspectJson', {
      description: 'docker inspect as JSON text, values of variables that look secret masked.',
    }),
  }),
});

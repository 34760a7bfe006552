import { builder } from '../builder.ts';
import { ContainerStateType } from '../docker/container-type.ts';
import type { Outside } from '../docker/privilege/outside.ts';
import { planActions, planReasons, type PlannedService } from './plan.ts';
import type { StackProblem } from './problem.ts';
import type { StackPage, StackPlan, StackSecrets } from './service.ts';
import type { Stack, StackContainer, StackService } from './stack.ts';
import type { DeployedService, StackFiles, StackVersion } from './store.ts';

const Container = builder.objectRef<StackContainer>('StackContainer').implement({
  fields: (t) => ({
    id: t.exposeID('id', { description: "Docker's full id, 64 hex digits." }),
    name: t.exposeString('name'),
    number: t.exposeInt('number', { description: "Which of the service's, from 1." }),
    state: t.expose('state', { type: ContainerStateType }),
    status: t.exposeString('status'),
    health: t.exposeString('health', { nullable: true }),
    exitCode: t.exposeInt('exitCode', { nullable: true }),
    image: t.exposeString('image'),
    imageId: t.exposeString('imageId'),
    configHash: t.exposeString('configHash', {
      nullable: true,
      description: "Compose's hash of the service when the container was made.",
    }),
  }),
});

const Service = builder.objectRef<StackService>('StackService').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    containers: t.expose('containers', { type: [Container] }),
    dependsOn: t.exposeStringList('dependsOn'),
  }),
});

export const StackType = builder.objectRef<Stack>('Stack').implement({
  description: 'A Compose project, whoever made it.',
  fields: (t) => ({
    name: t.exposeString('name'),
    managed: t.exposeBoolean('managed', { description: 'Whether the agent keeps its files.' }),
    folder: t.exposeString('folder', { nullable: true }),
    configFiles: t.exposeStringList('configFiles', { description: 'As Compose noted them.' }),
    services: t.expose('services', { type: [Service] }),
    version: t.exposeInt('version', { nullable: true, description: 'Newest version that was deployed.' }),
  }),
});

export const StackPageType = builder.objectRef<StackPage>('StackPage').implement({
  fields: (t) => ({
    items: t.expose('items', { type: [StackType] }),
    next: t.exposeString('next', {
      nullable: true,
      description: 'What to pass as after; null on the last page.',
    }),
  }),
});

export const StackFilesType = builder.objectRef<StackFiles>('StackFiles').implement({
  description: 'May hold secrets.',
  fields: (t) => ({
    compose: t.exposeString('compose'),
    env: t.exposeString('env'),
  }),
});

export const StackFilesInput = builder.inputType('StackFilesInput', {
  fields: (t) => ({
    compose: t.string({ required: true, description: 'The file compose.yaml, at most 1 MB.' }),
    env: t.string({ required: true, description: 'The file .env, at most 1 MB; empty without.' }),
  }),
});

const Deployed = builder.objectRef<DeployedService>('DeployedService').implement({
  fields: (t) => ({
    service: t.exposeString('service'),
    image: t.exposeString('image'),
    imageId: t.exposeString('imageId'),
    digests: t.exposeStringList('digests'),
    configHash: t.exposeString('configHash', { nullable: true }),
  }),
});

export const StackVersionType = builder.objectRef<StackVersion>('StackVersion').implement({
  description: 'A deployment that came to a good end. Times are ms since 1970.',
  fields: (t) => ({
    number: t.exposeInt('number'),
    at: t.expose('at', { type: 'SafeInt' }),
    actor: t.exposeString('actor'),
    restores: t.exposeInt('restores', { nullable: true }),
    composeVersion: t.exposeString('composeVersion'),
    commit: t.exposeString('commit', { nullable: true, description: 'Of the repository it came from.' }),
    services: t.expose('services', { type: [Deployed] }),
  }),
});

export const StackSecretsType = builder.objectRef<StackSecrets>('StackSecrets').implement({
  description: 'Secrets of the control plane, by name.',
  fields: (t) => ({
    needed: t.exposeStringList('needed', { description: 'What is asked about refers to them.' }),
    before: t.exposeStringList('before', {
      description: 'Those of the newest version: to go back to it, should the next one not come up.',
    }),
  }),
});

const Action = builder.enumType('StackPlanAction', { values: planActions });
const Reason = builder.enumType('StackPlanReason', { values: planReasons });

const Planned = builder.objectRef<PlannedService>('PlannedService').implement({
  fields: (t) => ({
    service: t.exposeString('service'),
    action: t.expose('action', { type: Action }),
    reasons: t.expose('reasons', { type: [Reason] }),
    image: t.exposeString('image', { nullable: true }),
    imageId: t.exposeString('imageId', { nullable: true }),
    currentImage: t.exposeString('currentImage', { nullable: true }),
    currentImageId: t.exposeString('currentImageId', { nullable: true }),
    configHash: t.exposeString('configHash', { nullable: true }),
    currentConfigHash: t.exposeString('currentConfigHash', { nullable: true }),
    replicas: t.exposeInt('replicas'),
    currentReplicas: t.exposeInt('currentReplicas'),
  }),
});

const Problem = builder.objectRef<StackProblem>('StackProblem').implement({
  fields: (t) => ({
    line: t.exposeInt('line', { nullable: true, description: 'From 1.' }),
    message: t.exposeString('message'),
  }),
});

const Privilege = builder.objectRef<Outside>('StackPrivilege').implement({
  description: 'What takes docker:containers:privileged.',
  fields: (t) => ({ option: t.exposeString('option'), why: t.exposeString('why') }),
});

export const StackPlanType = builder.objectRef<StackPlan>('StackPlan').implement({
  fields: (t) => ({
    problems: t.expose('problems', { type: [Problem] }),
    warnings: t.exposeStringList('warnings'),
    privileged: t.expose('privileged', { type: [Privilege] }),
    denied: t.exposeString('denied', { nullable: true }),
    builds: t.exposeBoolean('builds'),
    services: t.expose('services', { type: [Planned] }),
    version: t.exposeInt('version', { nullable: true }),
    composeVersion: t.exposeString('composeVersion', { nullable: true }),
  }),
});

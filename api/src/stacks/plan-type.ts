import { builder } from '../builder.ts';
import type { StackPlan } from './service.ts';

const StackPlanAction = builder.enumType('StackPlanAction', {
  description: 'What a deployment would do to a service.',
  values: {
    CREATE: { description: 'Make its containers.' },
    NONE: { description: 'Leave it as it is.' },
    RECREATE: { description: 'Replace its containers.' },
    REMOVE: { description: 'Remove its containers, as the file has it no more.' },
    SCALE: { description: 'Add or remove containers.' },
    START: { description: 'Start what does not run.' },
  } as const,
});

const StackPlanReason = builder.enumType('StackPlanReason', {
  description: 'Why a deployment would do something to a service.',
  values: {
    CONFIG: { description: 'What runs was made from other settings, by whomever.' },
    GONE: { description: 'The file has it no more.' },
    IMAGE: { description: 'What runs was made from another image, or the image is not on the server yet.' },
    NEW: { description: 'It has no container yet.' },
    NOT_RUNNING: { description: 'A container of it does not run.' },
    REPLICAS: { description: 'It has more or fewer containers than it should.' },
  } as const,
});

const PlannedService = builder.objectRef<StackPlan['services'][number]>('PlannedService').implement({
  access: 'inherited',
  description: 'What a deployment would do to one service.',
  fields: (t) => ({
    action: t.field({
      type: StackPlanAction,
      description: 'What would be done.',
      resolve: ({ action }) => action,
    }),
    configHash: t.exposeString('configHash', {
      nullable: true,
      description: 'Hash of the settings in the file; null for one that would be removed.',
    }),
    currentConfigHash: t.exposeString('currentConfigHash', {
      nullable: true,
      description: 'Hash of the settings that it runs with.',
    }),
    currentImage: t.exposeString('currentImage', { nullable: true, description: 'What it runs now.' }),
    currentImageId: t.exposeString('currentImageId', { nullable: true, description: "Docker's id of that." }),
    currentReplicas: t.exposeInt('currentReplicas', { description: 'How many containers it has.' }),
    image: t.exposeString('image', { nullable: true, description: 'What the file names.' }),
    imageId: t.exposeString('imageId', {
      nullable: true,
      description: "Docker's id of the server's copy of it; null when it has none yet.",
    }),
    reasons: t.field({ type: [StackPlanReason], description: 'Why.', resolve: ({ reasons }) => reasons }),
    replicas: t.exposeInt('replicas', { description: 'How many containers it should have.' }),
    service: t.exposeString('service', { description: 'As the file names it.' }),
  }),
});

const StackProblem = builder.objectRef<StackPlan['problems'][number]>('StackProblem').implement({
  access: 'inherited',
  description: "Something that is wrong with a stack's file.",
  fields: (t) => ({
    line: t.exposeInt('line', { nullable: true, description: 'From 1; null where it cannot be told.' }),
    message: t.exposeString('message', { description: 'A sentence in English.' }),
  }),
});

const StackPrivilege = builder.objectRef<StackPlan['privileged'][number]>('StackPrivilege').implement({
  access: 'inherited',
  description: 'Something in a stack that reaches beyond its containers.',
  fields: (t) => ({
    option: t.exposeString('option', { description: 'Where it stands: services.web.privileged.' }),
    why: t.exposeString('why', { description: 'Ends the English sentence "this …".' }),
  }),
});

export const StackPlanType = builder.objectRef<StackPlan>('StackPlan').implement({
  access: 'docker:compose:write',
  on: ({ serverId }) => serverId,
  description: 'What deploying files would do to a stack, or what stands against it.',
  fields: (t) => ({
    builds: t.exposeBoolean('builds', {
      description: 'Whether images are built on the server, which takes docker:images:write.',
    }),
    composeVersion: t.exposeString('composeVersion', {
      nullable: true,
      description: 'Of the Compose on the server; null where the file has problems.',
    }),
    denied: t.exposeString('denied', {
      nullable: true,
      description: "A path that the agent's own configuration denies to everybody; null when there is none.",
    }),
    privileged: t.field({
      type: [StackPrivilege],
      description: 'What takes docker:containers:privileged.',
      resolve: ({ privileged }) => privileged,
    }),
    problems: t.field({
      type: [StackProblem],
      description: 'What is wrong with the file; with any of these nothing else was looked at.',
      resolve: ({ problems }) => problems,
    }),
    services: t.field({
      type: [PlannedService],
      description: 'Service by service, compared with what is there now, by name.',
      resolve: ({ services }) => services,
    }),
    version: t.exposeInt('version', {
      nullable: true,
      description: 'The newest version, which a deployment is checked against; null when there is none.',
    }),
    warnings: t.exposeStringList('warnings', {
      description: 'What Compose warns of, such as variables without a value.',
    }),
  }),
});

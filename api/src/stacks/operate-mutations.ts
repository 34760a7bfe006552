import * as z from 'zod';
import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import type { RequestContext } from '../context.ts';
import { permissionDenied } from '../errors.ts';
import { heldOf } from '../graphql/held.ts';
import { JobPayload } from '../jobs/job-type.ts';
import type { JobKind } from '../jobs/service.ts';
import { baseVersionField, commonFields, mayTake, targetFields, timeoutField } from './fields.ts';
import {
  stackDown,
  stackPull,
  stackRemove,
  stackRestart,
  stackScale,
  stackStart,
  stackStop,
} from './jobs.ts';
import { OperateStackDocument, RemoveStackDocument, ScaleStackDocument } from './operations.ts';
import { currentImages, stackAuths } from './pull-auths.ts';
import { refreshing } from './refreshing.ts';
import { stackSecrets } from './secrets.ts';

/** Compose's own rule, without those that a command would take for an option. */
const serviceName = z
  .string()
  .regex(/^[a-zA-Z0-9._][a-zA-Z0-9._-]{0,254}$/, 'must be the name of a service, as the file says it');

type InputFields = Parameters<typeof targetFields>[0];

const servicesField = (t: InputFields) => ({
  services: t.stringList({
    required: true,
    defaultValue: [],
    description: 'Only these services, at most 200; empty for all of them.',
    validate: z.array(serviceName).max(200),
  }),
});

const operateFields = (t: InputFields) => ({ ...targetFields(t), ...servicesField(t), ...timeoutField(t) });

const StartStackInput = builder.inputType('StartStackInput', { fields: operateFields });
const RestartStackInput = builder.inputType('RestartStackInput', { fields: operateFields });

const StopStackInput = builder.inputType('StopStackInput', {
  fields: (t) => ({ ...targetFields(t), ...servicesField(t) }),
});

const PullStackInput = builder.inputType('PullStackInput', {
  fields: (t) => ({
    ...commonFields(t),
    ...servicesField(t),
    up: t.boolean({
      required: true,
      defaultValue: false,
      description:
        'Deploy the newest version again with what was pulled, and go back when it does not come up.',
    }),
  }),
});

const ScaleStackInput = builder.inputType('ScaleStackInput', {
  fields: (t) => ({
    ...commonFields(t),
    replicas: t.int({
      required: true,
      description: 'How many containers it should have, 0 to 100.',
      validate: z.number().int().min(0).max(100),
    }),
    service: t.string({ required: true, description: 'As the file names it.', validate: serviceName }),
  }),
});

const takedownFields = (t: InputFields) => ({
  ...targetFields(t),
  ...baseVersionField(t),
  removeVolumes: t.boolean({
    required: true,
    defaultValue: false,
    description: 'Its volumes as well, with all that is in them. Takes docker:volumes:write.',
  }),
});

const DownStackInput = builder.inputType('DownStackInput', { fields: takedownFields });
const RemoveStackInput = builder.inputType('RemoveStackInput', { fields: takedownFields });

interface Target {
  readonly serverId: string;
  readonly name: string;
}

/** What is asked of a job, whatever it does to the stack. */
const asked = ({ serverId, name }: Target, context: RequestContext, besides: readonly AgentScope[] = []) => ({
  serverId,
  target: { kind: 'stack', id: name },
  actor: actorOf(context),
  heldScopes: heldOf(context, serverId, besides),
});

interface Operated extends Target {
  readonly services: readonly string[];
  readonly timeoutSeconds: number;
}

function operate(
  kind: JobKind,
  operation: 'START' | 'STOP' | 'RESTART',
  { services, timeoutSeconds, ...target }: Operated,
  context: RequestContext,
): Promise<Job> {
  return context.services.jobs.start(kind, {
    ...asked(target, context),
    parameters: services.length > 0 ? { services } : {},
    document: OperateStackDocument,
    variables: (jobId) => ({ jobId, name: target.name, operation, services: [...services], timeoutSeconds }),
  });
}

interface TakenDown extends Target {
  readonly removeVolumes: boolean;
  readonly baseVersion?: number | null | undefined;
}

async function takeDown(
  kind: JobKind,
  forget: boolean,
  { removeVolumes, baseVersion = null, ...target }: TakenDown,
  context: RequestContext,
): Promise<Job> {
  const besides = removeVolumes ? (['docker:volumes:write'] as const) : [];
  const call = asked(target, context, besides);
  const missing = besides.find((scope) => !call.heldScopes.includes(scope));
  if (missing) throw permissionDenied(missing);
  return context.services.jobs.start(kind, {
    ...call,
    parameters: { removeVolumes, baseVersion },
    document: RemoveStackDocument,
    variables: (jobId) => ({ jobId, name: target.name, volumes: removeVolumes, forget, baseVersion }),
  });
}

builder.mutationFields((t) => ({
  startStack: t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to start the containers of a stack, whoever made it, in the order of what needs what, and waits until they are up. Scope: docker:compose:write.',
    args: { input: t.arg({ type: StartStackInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      job: await operate(stackStart, 'START', input, context),
    }),
  }),
  stopStack: t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to stop the containers of a stack, whoever made it, in the opposite order of starting; they stay. Scope: docker:compose:write.',
    args: { input: t.arg({ type: StopStackInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      // Nothing has to come up.
      job: await operate(stackStop, 'STOP', { ...input, timeoutSeconds: 1 }, context),
    }),
  }),
  restartStack: t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to restart the containers of a stack, whoever made it, and waits until they are up. Scope: docker:compose:write.',
    args: { input: t.arg({ type: RestartStackInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      job: await operate(stackRestart, 'RESTART', input, context),
    }),
  }),
  pullStack: t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      "Begins to pull the images of a stack, and with `up` to deploy its newest version with them. The job's result names the services that run another image than was pulled. Scope: docker:compose:write and docker:images:write, and with `up` what deployStack takes besides.",
    args: { input: t.arg({ type: PullStackInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { name, services, up, timeoutSeconds, baseVersion = null } = input;
      const job = await context.services.jobs.start(stackPull, {
        ...asked(input, context, up ? mayTake : ['docker:images:write']),
        parameters: { up, baseVersion, ...(services.length > 0 && { services }) },
        ...refreshing(
          { name, services, up, baseVersion, timeoutSeconds },
          {
            auths: () => stackAuths(context, stackPull, input.serverId, () => currentImages(context, input)),
            secrets: () => stackSecrets(context, stackPull, { serverId: input.serverId, name }),
          },
        ),
      });
      return { job };
    },
  }),
  scaleStack: t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to have so many containers of one service, until the next deployment makes as many again as the file says; there are as many as before when they do not come up. Only of a stack whose files the agent keeps. Scope: docker:compose:write, docker:containers:privileged as well for a stack that reaches beyond its containers, and secrets:use for one that refers to secrets.',
    args: { input: t.arg({ type: ScaleStackInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { name, service, replicas, timeoutSeconds, baseVersion = null } = input;
      const job = await context.services.jobs.start(stackScale, {
        ...asked(input, context, mayTake),
        parameters: { service, replicas, baseVersion },
        document: ScaleStackDocument,
        variables: async (jobId) => ({
          jobId,
          name,
          service,
          replicas,
          baseVersion,
          timeoutSeconds,
          auths: await stackAuths(context, stackScale, input.serverId, () => currentImages(context, input)),
          secrets: await stackSecrets(context, stackScale, { serverId: input.serverId, name }),
        }),
      });
      return { job };
    },
  }),
  downStack: t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to remove the containers and networks of a stack, whoever made it; its files and versions stay. Scope: docker:compose:write, and docker:volumes:write as well for its volumes.',
    args: { input: t.arg({ type: DownStackInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      job: await takeDown(stackDown, false, input, context),
    }),
  }),
  removeStack: t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to remove a stack for good: its containers and networks, the files and versions that the agent keeps, and where it came from a Git repository, its connection with that once all of it is gone. Scope: docker:compose:write, and docker:volumes:write as well for its volumes.',
    args: { input: t.arg({ type: RemoveStackInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      job: await takeDown(stackRemove, true, input, context),
    }),
  }),
}));

import { builder } from '../builder.ts';
import { SecretValueInput } from '../containers/spec-type.ts';
import { RegistryAuthInput } from '../images/pull-schema.ts';
import type { OperationContext } from '../context.ts';
import { AgentError } from '../errors.ts';
import { JobType } from '../jobs/job-type.ts';
import { scoped } from '../scoped.ts';
import {
  authorityOf,
  authsText,
  baseVersionText,
  beginStackJob,
  patienceOf,
  secretsIn,
  secretsText,
} from './begin.ts';
import { checkStackName } from './names.ts';
import { stackOperations } from './operate.ts';
import { MAX_REPLICAS } from './plan.ts';

const Operation = builder.enumType('StackOperation', { values: stackOperations });

const kinds = { START: 'stack.start', STOP: 'stack.stop', RESTART: 'stack.restart' } as const;

/** Of the newest version: what is said of it must not quote them. */
function secretsOf(name: string, { services: { stacks } }: OperationContext): string[] {
  checkStackName(name);
  const [newest] = stacks.versions(name);
  return newest ? secretsIn(stacks.version(name, newest.number).files) : [];
}

const each = 'None stands for all of them.';

builder.mutationField('operateStack', (t) =>
  t.field({
    ...scoped('docker:compose:write'),
    description:
      'Begins to start, stop or restart the containers of a stack, whoever made it, in the order of what needs what.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      name: t.arg.string({ required: true }),
      operation: t.arg({ type: Operation, required: true }),
      services: t.arg.stringList({ required: true, description: each }),
      timeoutSeconds: t.arg.int({ required: true, description: 'For what was started to be up.' }),
    },
    resolve(_root, { operation, services, timeoutSeconds, ...wanted }, context) {
      const { stacks } = context.services;
      const timeoutMs = patienceOf(timeoutSeconds);
      return beginStackJob(kinds[operation], wanted, context, {
        run: (job) => stacks.operate({ name: wanted.name, operation, services, timeoutMs }, job),
      });
    },
  }),
);

builder.mutationField('pullStack', (t) =>
  t.field({
    ...scoped('docker:compose:write'),
    description:
      'Begins to pull the images of a stack and, if up, to deploy its newest version with them, which takes what deployStack takes. Result: {newer, version}: services that run another image than what was pulled, and the version that was deployed.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      name: t.arg.string({ required: true }),
      services: t.arg.stringList({ required: true, description: each }),
      up: t.arg.boolean({ required: true }),
      baseVersion: t.arg.int({ description: `${baseVersionText} Only for up.` }),
      timeoutSeconds: t.arg.int({ required: true, description: 'For all of it to be up.' }),
      auths: t.arg({ type: [RegistryAuthInput], description: authsText }),
      secrets: t.arg({ type: [SecretValueInput], description: secretsText }),
    },
    resolve(_root, { services, up, baseVersion, timeoutSeconds, auths, secrets, ...wanted }, context) {
      const options = {
        name: wanted.name,
        services,
        up,
        baseVersion: baseVersion ?? null,
        timeoutMs: patienceOf(timeoutSeconds),
        actor: context.actor,
        authority: authorityOf(context),
        auths: auths ?? [],
        secrets: secrets ?? [],
      };
      return beginStackJob('stack.pull', wanted, context, {
        secrets: [
          ...secretsOf(wanted.name, context),
          ...options.auths.map(({ password }) => password),
          ...options.secrets.map(({ value }) => value),
        ],
        run: (job) => context.services.stacks.refresh(options, job),
      });
    },
  }),
);

builder.mutationField('scaleStack', (t) =>
  t.field({
    ...scoped('docker:compose:write'),
    description:
      'Begins to have so many containers of a service, until the next deployment. Of a stack whose files the agent keeps; judged as deployStack is. Result: {replicas}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      name: t.arg.string({ required: true }),
      service: t.arg.string({ required: true }),
      replicas: t.arg.int({ required: true, description: `0 to ${MAX_REPLICAS}.` }),
      baseVersion: t.arg.int({ description: baseVersionText }),
      timeoutSeconds: t.arg.int({ required: true, description: 'For all of them to be up.' }),
      auths: t.arg({ type: [RegistryAuthInput], description: authsText }),
      secrets: t.arg({ type: [SecretValueInput], description: secretsText }),
    },
    resolve(_root, { service, replicas, baseVersion, timeoutSeconds, auths, secrets, ...wanted }, context) {
      if (replicas < 0 || replicas > MAX_REPLICAS) {
        throw new AgentError('INPUT_INVALID', `replicas must be between 0 and ${MAX_REPLICAS}.`);
      }
      const options = {
        name: wanted.name,
        service,
        replicas,
        baseVersion: baseVersion ?? null,
        timeoutMs: patienceOf(timeoutSeconds),
        authority: authorityOf(context),
        auths: auths ?? [],
        secrets: secrets ?? [],
      };
      return beginStackJob('stack.scale', wanted, context, {
        secrets: [
          ...secretsOf(wanted.name, context),
          ...options.auths.map(({ password }) => password),
          ...options.secrets.map(({ value }) => value),
        ],
        run: (job) => context.services.stacks.scale(options, job),
      });
    },
  }),
);

builder.mutationField('removeStack', (t) =>
  t.field({
    ...scoped('docker:compose:write'),
    description:
      'Begins to remove the containers and networks of a stack, whoever made it. Result: {containers, networks, volumes}, how many of each went.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      name: t.arg.string({ required: true }),
      volumes: t.arg.boolean({
        required: true,
        description: 'Its volumes as well, with all that is in them. Takes docker:volumes:write as well.',
      }),
      forget: t.arg.boolean({
        required: true,
        description: 'Its files and versions as well, as far as the agent keeps them.',
      }),
      baseVersion: t.arg.int({ description: baseVersionText }),
    },
    resolve(_root, { volumes, forget, baseVersion, ...wanted }, context) {
      const options = {
        name: wanted.name,
        volumes,
        forget,
        baseVersion: baseVersion ?? null,
        authority: authorityOf(context),
      };
      return beginStackJob(forget ? 'stack.remove' : 'stack.down', wanted, context, {
        run: (job) => context.services.stacks.takeDown(options, job),
      });
    },
  }),
);

import * as z from 'zod';
import { builder } from '../../builder.ts';
import { requireOn } from '../../graphql/refusals.ts';
import { inputInvalid } from '../../errors.ts';
import { ContainerPayload, containerName, targetFields } from '../container-payload.ts';
import {
  CommitContainerPayload,
  ExecInContainerPayload,
  PruneContainersPayload,
  RevealContainerEnvironmentPayload,
} from './result-types.ts';
import { askerFor, secretsAgain, targeted } from './asking.ts';
import { checkSpec } from './spec.ts';
import { EnvironmentVariableInput, LimitsInput, RestartPolicyInput } from './spec-type.ts';

const word = z
  .string()
  .max(131_072)
  .regex(/^[^\0]*$/, 'must not hold NUL');
const words = z.array(word).min(1, 'must have at least one word').max(1_000, 'must have at most 1,000 words');
const short = z.string().min(1).max(1_000);

const ExecInContainerInput = builder.inputType('ExecInContainerInput', {
  fields: (t) => ({
    ...targetFields(t),
    command: t.stringList({
      required: true,
      description: 'The program and its arguments, word by word; no shell reads them.',
      validate: words,
    }),
    environment: t.field({
      type: [EnvironmentVariableInput],
      description: "Besides the container's own.",
      validate: z.array(z.unknown()).max(1_000),
    }),
    timeoutSeconds: t.int({
      required: true,
      defaultValue: 30,
      description: 'After which it is ended; 300 at most.',
      validate: z.number().int().min(1).max(300),
    }),
    user: t.string({ description: "user or user:group; the container's own when absent.", validate: short }),
    workingDir: t.string({ description: "The container's own when absent.", validate: short }),
  }),
});

const UpdateContainerInput = builder.inputType('UpdateContainerInput', {
  fields: (t) => ({
    ...targetFields(t),
    limits: t.field({ type: LimitsInput, description: 'What is absent stays.' }),
    restartPolicy: t.field({ type: RestartPolicyInput, description: 'Stays when absent.' }),
  }),
});

const DuplicateContainerInput = builder.inputType('DuplicateContainerInput', {
  fields: (t) => ({
    ...targetFields(t),
    name: t.string({ required: true, description: 'Of the new one.', validate: containerName }),
    publishedPorts: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether it publishes the same ports, which only one that runs can have.',
    }),
    start: t.boolean({ required: true, defaultValue: true, description: 'Whether it is started.' }),
  }),
});

const CommitContainerInput = builder.inputType('CommitContainerInput', {
  fields: (t) => ({
    ...targetFields(t),
    author: t.string({ description: 'Kept in the image.', validate: short }),
    comment: t.string({ description: 'Kept in the image.', validate: short }),
    pause: t.boolean({
      required: true,
      defaultValue: true,
      description: 'Whether it is frozen while its files are read.',
    }),
    reference: t.string({
      required: true,
      description: 'The name of the image, name or name:tag.',
      validate: z.string().regex(/^[a-z0-9][a-zA-Z0-9._:/-]{0,254}$/, 'must be the name of an image'),
    }),
  }),
});

const RevealContainerEnvironmentInput = builder.inputType('RevealContainerEnvironmentInput', {
  fields: targetFields,
});

const PruneContainersInput = builder.inputType('PruneContainersInput', {
  fields: (t) => ({
    containerIds: t.idList({
      required: true,
      description: 'Those to remove of `containerPrunePreview`, 1 to 1,000. Nothing else goes.',
      validate: z
        .array(z.string().regex(/^[0-9a-f]{64}$/, 'must be ids of 64 digits'))
        .min(1)
        .max(1_000),
    }),
    removeVolumes: t.boolean({
      required: true,
      defaultValue: false,
      description: 'With their anonymous volumes.',
    }),
    serverId: t.id({ required: true }),
  }),
});

builder.mutationFields((t) => ({
  execInContainer: t.field({
    type: ExecInContainerPayload,
    access: 'docker:containers:exec',
    on: (_root, { input }) => input.serverId,
    description:
      'Runs a command in a container to its end, without input; what takes too long or says too much is ended. In one that reaches beyond itself it takes docker:containers:privileged as well. Scope: docker:containers:exec.',
    args: { input: t.arg({ type: ExecInContainerInput, required: true }) },
    resolve: (_root, { input }, context) => {
      const { command, environment, timeoutSeconds, user, workingDir } = input;
      checkSpec({ image: 'any', environment }, 'input');
      return context.services.containers.work.exec(
        targeted(context, input),
        {
          command,
          environment: environment ?? [],
          timeoutSeconds,
          user: user ?? null,
          workingDir: workingDir ?? null,
        },
        askerFor(context, input.serverId),
      );
    },
  }),
  updateContainer: t.field({
    type: ContainerPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Changes limits and restart policy of a container without a restart. One that reaches beyond itself takes docker:containers:privileged as well. Scope: docker:containers:write.',
    args: { input: t.arg({ type: UpdateContainerInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { limits = null, restartPolicy = null } = input;
      checkSpec({ image: 'any', limits, restartPolicy }, 'input');
      return {
        container: await context.services.containers.update(
          targeted(context, input),
          { limits, restartPolicy },
          askerFor(context, input.serverId),
        ),
      };
    },
  }),
  duplicateContainer: t.field({
    type: ContainerPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Makes another container like one. Volumes with a name and folders are shared, those without are its own; it joins the same networks under its own name, and gets the same secrets with their values of now. Scope: docker:containers:write; secrets:use as well for one with secrets.',
    args: { input: t.arg({ type: DuplicateContainerInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { name, publishedPorts, start } = input;
      const target = targeted(context, input);
      const secrets = await secretsAgain(context, target, 'container.duplicate');
      return {
        container: await context.services.containers.duplicate(
          target,
          { name, publishedPorts, start, secrets },
          askerFor(context, input.serverId),
        ),
      };
    },
  }),
  commitContainer: t.field({
    type: CommitContainerPayload,
    access: 'docker:containers:exec',
    on: (_root, { input }) => input.serverId,
    description:
      'Makes an image of the files of a container as they are, its volumes left out; who has the image can read all of them, and its variables. Not of one that was given secrets. Of one that reaches beyond itself it takes docker:containers:privileged as well. Scopes: docker:containers:exec and docker:images:write.',
    args: { input: t.arg({ type: CommitContainerInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { reference, comment = null, author = null, pause } = input;
      const options = { reference, comment, author, pause };
      return {
        imageId: await context.services.containers.work.commit(
          targeted(context, input),
          options,
          askerFor(context, input.serverId, 'docker:images:write'),
        ),
      };
    },
  }),
  revealContainerEnvironment: t.field({
    type: RevealContainerEnvironmentPayload,
    access: 'docker:containers:exec',
    on: (_root, { input }) => input.serverId,
    description:
      'Every environment variable of a container with its value, those that look secret as well; not those that came from secrets of ServerKit. Over HTTP only; asking is audited. Scope: docker:containers:exec.',
    args: { input: t.arg({ type: RevealContainerEnvironmentInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      // What is answered over HTTP is marked to be stored nowhere.
      if (context.socket) throw inputInvalid('input', 'Ask for this over HTTP, not over a WebSocket.');
      return {
        variables: await context.services.containers.work.reveal(
          targeted(context, input),
          askerFor(context, input.serverId),
        ),
      };
    },
  }),
  pruneContainers: t.field({
    type: PruneContainersPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Removes those of the containers named that do not run, and no others. Scope: docker:containers:write, and docker:volumes:write as well for their volumes.',
    args: { input: t.arg({ type: PruneContainersInput, required: true }) },
    resolve: (_root, { input: { serverId, containerIds, removeVolumes } }, context) => {
      const besides = removeVolumes ? (['docker:volumes:write'] as const) : [];
      for (const access of besides)
        requireOn(context, { access, where: serverId }, 'mutation.pruneContainers');
      return context.services.containers.work.prune(
        serverId,
        containerIds,
        removeVolumes,
        askerFor(context, serverId, ...besides),
      );
    },
  }),
}));

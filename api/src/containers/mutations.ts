import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import type { RequestContext } from '../context.ts';
import { requireOn } from '../graphql/refusals.ts';
import { ContainerPayload, containerName, targetFields } from './container-payload.ts';
import type { ContainerAction } from './service.ts';

const RemoveContainerPayload = builder
  .objectRef<{ readonly removedContainerId: string }>('RemoveContainerPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      removedContainerId: t.exposeID('removedContainerId', { description: 'The container that is gone.' }),
    }),
  });

/** A day: longer than any sane grace period, and within what Docker takes. */
const timeoutSeconds = z.number().int().min(0).max(86_400);

const signal = z
  .string()
  .regex(/^(SIG[A-Z0-9+-]{2,12}|[1-9][0-9]?)$/, 'must be a signal such as SIGTERM, SIGHUP or 9');

const stopping = "How long to wait before it is killed; the container's own setting when absent.";

const StartContainerInput = builder.inputType('StartContainerInput', { fields: targetFields });
const PauseContainerInput = builder.inputType('PauseContainerInput', { fields: targetFields });
const UnpauseContainerInput = builder.inputType('UnpauseContainerInput', { fields: targetFields });
const StopContainerInput = builder.inputType('StopContainerInput', {
  fields: (t) => ({
    ...targetFields(t),
    timeoutSeconds: t.int({ description: stopping, validate: timeoutSeconds }),
  }),
});
const RestartContainerInput = builder.inputType('RestartContainerInput', {
  fields: (t) => ({
    ...targetFields(t),
    timeoutSeconds: t.int({
      description: "How long to wait before it is killed; the container's own setting when absent.",
      validate: timeoutSeconds,
    }),
  }),
});
const KillContainerInput = builder.inputType('KillContainerInput', {
  fields: (t) => ({
    ...targetFields(t),
    signal: t.string({
      required: true,
      defaultValue: 'SIGKILL',
      description: 'By name or number, such as SIGTERM, SIGHUP or 9.',
      validate: signal,
    }),
  }),
});
const RenameContainerInput = builder.inputType('RenameContainerInput', {
  fields: (t) => ({
    ...targetFields(t),
    name: t.string({
      required: true,
      description: "2 to 128 letters, digits, dots, dashes or underscores, unlike every other container's.",
      validate: containerName,
    }),
  }),
});
const RemoveContainerInput = builder.inputType('RemoveContainerInput', {
  fields: (t) => ({
    ...targetFields(t),
    force: t.boolean({ required: true, defaultValue: false, description: 'Also when it is running.' }),
    removeVolumes: t.boolean({
      required: true,
      defaultValue: false,
      description: 'With its anonymous volumes.',
    }),
  }),
});

interface Target {
  readonly serverId: string;
  readonly containerId: string;
}

async function act(context: RequestContext, { serverId, containerId }: Target, action: ContainerAction) {
  const { services, signal: gone } = context;
  return {
    container: await services.containers.act(serverId, containerId, action, {
      actor: actorOf(context),
      signal: gone,
    }),
  };
}

builder.mutationFields((t) => ({
  startContainer: t.field({
    type: ContainerPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description: 'Starts a container. Scope: docker:containers:write.',
    args: { input: t.arg({ type: StartContainerInput, required: true }) },
    resolve: (_root, { input }, context) => act(context, input, { kind: 'start' }),
  }),
  stopContainer: t.field({
    type: ContainerPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description: 'Stops a container. Scope: docker:containers:write.',
    args: { input: t.arg({ type: StopContainerInput, required: true }) },
    resolve: (_root, { input }, context) =>
      act(context, input, { kind: 'stop', timeoutSeconds: input.timeoutSeconds ?? null }),
  }),
  restartContainer: t.field({
    type: ContainerPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description: 'Stops and starts a container. Scope: docker:containers:write.',
    args: { input: t.arg({ type: RestartContainerInput, required: true }) },
    resolve: (_root, { input }, context) =>
      act(context, input, { kind: 'restart', timeoutSeconds: input.timeoutSeconds ?? null }),
  }),
  pauseContainer: t.field({
    type: ContainerPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description: 'Freezes every process of a container. Scope: docker:containers:write.',
    args: { input: t.arg({ type: PauseContainerInput, required: true }) },
    resolve: (_root, { input }, context) => act(context, input, { kind: 'pause' }),
  }),
  unpauseContainer: t.field({
    type: ContainerPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description: 'Lets a paused container go on. Scope: docker:containers:write.',
    args: { input: t.arg({ type: UnpauseContainerInput, required: true }) },
    resolve: (_root, { input }, context) => act(context, input, { kind: 'unpause' }),
  }),
  killContainer: t.field({
    type: ContainerPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description: 'Sends a signal to the main process of a container. Scope: docker:containers:write.',
    args: { input: t.arg({ type: KillContainerInput, required: true }) },
    resolve: (_root, { input }, context) => act(context, input, { kind: 'kill', signal: input.signal }),
  }),
  renameContainer: t.field({
    type: ContainerPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description: 'Gives a container another name. Scope: docker:containers:write.',
    args: { input: t.arg({ type: RenameContainerInput, required: true }) },
    resolve: (_root, { input }, context) => act(context, input, { kind: 'rename', name: input.name }),
  }),
  removeContainer: t.field({
    type: RemoveContainerPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Deletes a container. Scope: docker:containers:write, and docker:volumes:write as well for its volumes.',
    args: { input: t.arg({ type: RemoveContainerInput, required: true }) },
    resolve: async (_root, { input: { serverId, containerId, ...options } }, context) => {
      if (options.removeVolumes) {
        const need = { access: 'docker:volumes:write', where: serverId } as const;
        requireOn(context, need, 'mutation.removeContainer');
      }
      const asker = { actor: actorOf(context), signal: context.signal };
      return {
        removedContainerId: await context.services.containers.remove(serverId, containerId, options, asker),
      };
    },
  }),
}));

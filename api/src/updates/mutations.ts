import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { isPerson, type RequestContext } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { containerReference } from '../input-text.ts';
import { JobPayload } from '../jobs/job-type.ts';
import { mandateOf } from '../mandates/service.ts';
import type { Policy } from './policy.ts';
import { UpdateModeEnum, UpdatePolicyType } from './policy-type.ts';
import type { Asker, PolicyTarget } from './service.ts';

const MaintenanceWindowInput = builder.inputType('MaintenanceWindowInput', {
  description: 'When updates may be applied.',
  fields: (t) => ({
    days: t.intList({ required: true, description: 'The days it opens on: 1 is Monday, 7 is Sunday.' }),
    from: t.string({ required: true, description: 'When it opens, 24 hours, such as 22:00.' }),
    timeZone: t.string({
      required: true,
      description: 'By whose clocks: a name of the IANA database, such as Europe/Paris.',
    }),
    to: t.string({
      required: true,
      description: 'When it closes; on the next day where that is not after it opens.',
    }),
  }),
});

const SetUpdatePolicyInput = builder.inputType('SetUpdatePolicyInput', {
  fields: (t) => ({
    containerId: t.id({
      description:
        'The container, by id or name; it or `stack`. The policy goes on with the one made in its place.',
      validate: containerReference,
    }),
    healthTimeoutSeconds: t.int({
      required: true,
      defaultValue: 120,
      description: 'How long a new one may take to become healthy; 3,600 at most.',
      validate: z.number().int().min(1).max(3_600),
    }),
    mode: t.field({ type: UpdateModeEnum, required: true, description: 'What is done.' }),
    serverId: t.id({ required: true }),
    stack: t.string({
      description: 'The stack, by name.',
      validate: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be the name of a stack'),
    }),
    window: t.field({
      type: MaintenanceWindowInput,
      required: true,
      defaultValue: { days: [1, 2, 3, 4, 5, 6, 7], from: '02:00', to: '05:00', timeZone: 'UTC' },
      description: 'When it may apply.',
    }),
  }),
});

type InputFields = Parameters<Parameters<typeof builder.inputType>[1]['fields'] & object>[0];

const policyFields = (t: InputFields) => ({
  policyId: t.id({ required: true, description: 'The policy, by its id.' }),
  serverId: t.id({ required: true, description: 'The server it is on.' }),
});

const RemoveUpdatePolicyInput = builder.inputType('RemoveUpdatePolicyInput', { fields: policyFields });
const CheckForUpdatesInput = builder.inputType('CheckForUpdatesInput', { fields: policyFields });
const ApplyUpdateInput = builder.inputType('ApplyUpdateInput', { fields: policyFields });

const UpdatePolicyPayload = builder.objectRef<{ readonly policy: Policy }>('UpdatePolicyPayload').implement({
  access: 'inherited',
  fields: (t) => ({
    policy: t.field({
      type: UpdatePolicyType,
      description: 'As it is now.',
      resolve: ({ policy }) => policy,
    }),
  }),
});

const RemoveUpdatePolicyPayload = builder
  .objectRef<{ readonly removedPolicyId: string }>('RemoveUpdatePolicyPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({ removedPolicyId: t.exposeID('removedPolicyId', { description: 'What is gone.' }) }),
  });

function askerFor(context: RequestContext, serverId: string): Asker {
  const { principal, signal } = context;
  return {
    actor: actorOf(context),
    person: isPerson(principal) ? { ...mandateOf(principal), email: principal.user.email } : null,
    scopes: principal.rights.on(serverId),
    signal,
  };
}

function targetIn({
  containerId,
  stack,
}: {
  readonly containerId?: string | null | undefined;
  readonly stack?: string | null | undefined;
}): PolicyTarget {
  if (containerId != null && stack == null) return { kind: 'container', containerId };
  if (stack != null && containerId == null) return { kind: 'stack', name: stack };
  throw inputInvalid('input.containerId', 'either a container or a stack must be named');
}

const besides = 'and docker:containers:write for a container, docker:compose:write for a stack.';

builder.mutationFields((t) => ({
  setUpdatePolicy: t.field({
    type: UpdatePolicyPayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    // It goes on without whoever asks for it.
    fresh: ({ input }) => input.mode === 'apply',
    description: `Says what is to be done about newer images of a container or a stack, in place of what was said before. It is done on your behalf, with what you may do then; set with an API token, for as long as that works and with what it may do. Scope: docker:images:write, ${besides} APPLY needs a fresh sign-in.`,
    args: { input: t.arg({ type: SetUpdatePolicyInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { serverId, mode, window, healthTimeoutSeconds } = input;
      const wanted = { serverId, target: targetIn(input), mode, window, healthTimeoutSeconds };
      return { policy: await context.services.updates.set(wanted, askerFor(context, serverId)) };
    },
  }),
  removeUpdatePolicy: t.field({
    type: RemoveUpdatePolicyPayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description: `Forgets an update policy and what is known of it. Scope: docker:images:write, ${besides}`,
    args: { input: t.arg({ type: RemoveUpdatePolicyInput, required: true }) },
    resolve: async (_root, { input: { serverId, policyId } }, context) => {
      await context.services.updates.remove(serverId, policyId, askerFor(context, serverId));
      return { removedPolicyId: policyId };
    },
  }),
  checkForUpdates: t.field({
    type: UpdatePolicyPayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Has the server ask the registries now whether they have something newer, with their credentials. Scope: docker:images:write.',
    args: { input: t.arg({ type: CheckForUpdatesInput, required: true }) },
    resolve: async (_root, { input: { serverId, policyId } }, context) => ({
      policy: await context.services.updates.check(serverId, policyId, askerFor(context, serverId)),
    }),
  }),
  applyUpdate: t.field({
    type: JobPayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description: `Begins to apply what is newer now, on your own behalf, whatever the window and whether it failed before. Scope: docker:images:write, ${besides}`,
    args: { input: t.arg({ type: ApplyUpdateInput, required: true }) },
    resolve: async (_root, { input: { serverId, policyId } }, context) => ({
      job: await context.services.updates.apply(serverId, policyId, askerFor(context, serverId)),
    }),
  }),
}));

import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import { keyIdOf } from '@serverkit/wire/bytes.ts';
import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { ServerType } from '../servers/server-type.ts';
import { defaultEveryDays, everyDaysRange } from './schedule.ts';
import type { ControlKeysView, KeyInfo } from './service.ts';

type KeyedServer = Server & { readonly agentKey: Uint8Array };

const AgentKeyType = builder.objectRef<KeyedServer>('AgentKey').implement({
  access: 'inherited',
  description: 'The key that an agent proves itself with. Its private half never leaves its server.',
  fields: (t) => ({
    createdAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: "Since when it is the agent's key.",
      resolve: ({ agentKeyAt }) => agentKeyAt,
    }),
    fingerprint: t.string({
      description: 'What `serverkit-agent status` shows on the server.',
      resolve: ({ agentKey }) => keyIdOf(agentKey),
    }),
    pendingSince: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Since when another key is about to take its place; null when none is.',
      resolve: ({ id }, _args, { services }) => services.keys.pendingSince(id),
    }),
    rotatedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it took the place of another; null for the key of the registration.',
      resolve: ({ agentKeyAt, registeredAt }) =>
        agentKeyAt && registeredAt && agentKeyAt > registeredAt ? agentKeyAt : null,
    }),
  }),
});

builder.prismaObjectFields(ServerType, (t) => ({
  agentKey: t.field({
    type: AgentKeyType,
    nullable: true,
    description: 'The key of its agent; null while none has joined.',
    resolve: (server) => (server.agentKey ? { ...server, agentKey: server.agentKey } : null),
  }),
}));

const ControlPlaneKey = builder.objectRef<KeyInfo>('ControlPlaneKey').implement({
  access: 'inherited',
  description: 'The public half of a key that agents know this control plane by.',
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When agents were first told of it.' }),
    fingerprint: t.exposeString('fingerprint', {
      description: 'What `serverkit-agent status` shows of the current one.',
    }),
  }),
});

const ControlPlaneKeys = builder.objectRef<ControlKeysView>('ControlPlaneKeys').implement({
  access: 'inherited',
  description: 'The keys that agents know this control plane by.',
  fields: (t) => ({
    agentsBehind: t.int({
      description: 'Agents that have not taken over the newest keys yet: away, or too old to.',
      resolve: (_keys, _args, { services }) => services.keys.agentsBehind(),
    }),
    changedAt: t.expose('changedAt', { type: 'DateTime', description: 'When these keys became the ones.' }),
    current: t.expose('current', { type: ControlPlaneKey, description: 'Signs what agents are told.' }),
    next: t.expose('next', {
      type: ControlPlaneKey,
      description: 'Will be the current one after the next change; agents know it already.',
    }),
    recovery: t.expose('recovery', {
      type: ControlPlaneKey,
      description: 'Wins the agents back when the others are lost or stolen.',
    }),
    recoveryKeyIsHere: t.boolean({
      description:
        'The private half of the recovery key still lies beside the others. Take it away with `npm run recovery-key -- take FILE`.',
      resolve: ({ recoveryIsHere }) => recoveryIsHere,
    }),
  }),
});

const AgentKeySchedule = builder.objectRef<{ readonly everyDays: number }>('AgentKeySchedule').implement({
  access: 'inherited',
  description: "How often agents' keys are replaced by themselves.",
  fields: (t) => ({
    everyDays: t.exposeInt('everyDays', {
      description: 'Days, a tenth more or less so that not all are replaced at once; 0 means never.',
    }),
  }),
});

builder.queryFields((t) => ({
  agentKeySchedule: t.field({
    type: AgentKeySchedule,
    access: 'settings:write',
    description: "How often agents' keys are replaced by themselves. Scope: settings:write.",
    resolve: async (_root, _args, { services }) => ({ everyDays: await services.keys.everyDays() }),
  }),
  controlPlaneKeys: t.field({
    type: ControlPlaneKeys,
    access: 'settings:write',
    description: 'The keys that agents know this control plane by. Scope: settings:write.',
    resolve: (_root, _args, { services }) => services.keys.controlKeys(),
  }),
}));

const everyDays = z
  .number()
  .int()
  .refine(
    (days) => days === 0 || (days >= everyDaysRange.min && days <= everyDaysRange.max),
    `must be 0, or ${everyDaysRange.min} to ${everyDaysRange.max}`,
  );

const SetAgentKeyScheduleInput = builder.inputType('SetAgentKeyScheduleInput', {
  description: "How often agents' keys are replaced.",
  fields: (t) => ({
    everyDays: t.int({
      required: true,
      defaultValue: defaultEveryDays,
      description: `Days, ${everyDaysRange.min} to ${everyDaysRange.max}, or 0 for never.`,
      validate: everyDays,
    }),
  }),
});

const SetAgentKeySchedulePayload = builder
  .objectRef<{ readonly everyDays: number }>('SetAgentKeySchedulePayload')
  .implement({
    access: 'inherited',
    description: 'The schedule after a change.',
    fields: (t) => ({
      schedule: t.field({
        type: AgentKeySchedule,
        description: 'As it is now.',
        resolve: (payload) => payload,
      }),
    }),
  });

const RotateControlKeyInput = builder.inputType('RotateControlKeyInput', {
  description: 'How to change the key of the control plane.',
  fields: (t) => ({
    leaveBehind: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Go on although some agents are too old to follow, and must be registered anew then.',
    }),
  }),
});

const RotateControlKeyPayload = builder
  .objectRef<{ readonly keys: ControlKeysView }>('RotateControlKeyPayload')
  .implement({
    access: 'inherited',
    description: 'The keys after a change.',
    fields: (t) => ({
      controlPlaneKeys: t.field({
        type: ControlPlaneKeys,
        description: 'As they are now.',
        resolve: ({ keys }) => keys,
      }),
    }),
  });

builder.mutationFields((t) => ({
  rotateControlKey: t.field({
    type: RotateControlKeyPayload,
    access: 'settings:write',
    fresh: true,
    description:
      'Signs with the next key from now on, and announces another next one. Agents come back and take it over, those that are away when they return. CONFLICT when an agent is too old to follow. Scope: settings:write; needs a fresh sign-in.',
    args: { input: t.arg({ type: RotateControlKeyInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      await context.services.keys.rotateControlKey(input.leaveBehind, actorOf(context));
      return { keys: context.services.keys.controlKeys() };
    },
  }),
  setAgentKeySchedule: t.field({
    type: SetAgentKeySchedulePayload,
    access: 'settings:write',
    description: "Says how often agents' keys are replaced by themselves. Scope: settings:write.",
    args: { input: t.arg({ type: SetAgentKeyScheduleInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      await context.services.keys.setEveryDays(input.everyDays, actorOf(context));
      return { everyDays: input.everyDays };
    },
  }),
}));

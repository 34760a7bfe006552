import * as z from 'zod';
import { builder } from '../builder.ts';
import { everywhere } from '../graphql/access.ts';
import { actorOf } from './actor.ts';
import { problemKinds, type Problem } from './findings.ts';
import { retentionDays } from './trail.ts';
import type { Verification } from './verification.ts';

const AuditProblemKind = builder.enumType('AuditProblemKind', {
  description: 'What is wrong with the audit record.',
  values: {
    ALTERED: { description: problemKinds.ALTERED },
    CHECKPOINT_ALTERED: { description: problemKinds.CHECKPOINT_ALTERED },
    INSERTED: { description: problemKinds.INSERTED },
    MISPLACED: { description: problemKinds.MISPLACED },
    REMOVED: { description: problemKinds.REMOVED },
    SEAL_ALTERED: { description: problemKinds.SEAL_ALTERED },
    UNSEALED: { description: problemKinds.UNSEALED },
  } as const,
});

const AuditProblem = builder.objectRef<Problem>('AuditProblem').implement({
  access: 'audit:read',
  on: everywhere,
  description: 'A place where the audit record is not as it was written.',
  fields: (t) => ({
    at: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the event happened, as far as its row says; null when it is gone.',
      resolve: ({ at }) => at ?? null,
    }),
    count: t.field({
      type: 'SafeInt',
      description: 'How many places in a row.',
      resolve: ({ seals }) => seals ?? 1,
    }),
    eventId: t.id({
      nullable: true,
      description: 'The event; null when it is not known any more.',
      resolve: ({ eventId }) => (eventId === undefined ? null : `evt_${eventId}`),
    }),
    kind: t.field({ type: AuditProblemKind, description: 'What is wrong.', resolve: ({ kind }) => kind }),
    message: t.string({ description: 'The same in words.', resolve: ({ kind }) => problemKinds[kind] }),
    position: t.string({
      nullable: true,
      description: 'The place in the chain, counted from 1; null for an event that has none.',
      resolve: ({ position }) => position?.toString() ?? null,
    }),
  }),
});

const AuditVerification = builder.objectRef<Verification>('AuditVerification').implement({
  access: 'audit:read',
  on: everywhere,
  description: 'What became of following the chain of seals over the audit record.',
  fields: (t) => ({
    checked: t.field({
      type: 'SafeInt',
      description: 'Seals that were checked.',
      resolve: ({ checked }) => checked,
    }),
    intact: t.boolean({
      description: 'Whether all of it is as it was written.',
      resolve: ({ problemCount }) => problemCount === 0,
    }),
    problemCount: t.field({
      type: 'SafeInt',
      description: 'How many problems there are.',
      resolve: ({ problemCount }) => problemCount,
    }),
    problems: t.field({
      type: [AuditProblem],
      description: 'The first hundred of them, in the order of the record.',
      resolve: ({ problems }) => problems,
    }),
    since: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'What is older was deleted by retention, or left out as asked; null: from the first event.',
      resolve: ({ since }) => since,
    }),
    until: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the last event that is sealed happened; null when there is none.',
      resolve: ({ until }) => until,
    }),
    waiting: t.field({
      type: 'SafeInt',
      description: 'Events of the last moment, which are not sealed yet.',
      resolve: ({ waiting }) => waiting,
    }),
  }),
});

const AuditVerificationStart = builder.enumType('AuditVerificationStart', {
  description: 'From where on to check.',
  values: {
    BEGINNING: { value: 'beginning', description: 'All that is kept.' },
    CHECKPOINT: { value: 'checkpoint', description: 'Only the last thousand events or so.' },
  } as const,
});

builder.queryField('verifyAudit', (t) =>
  t.field({
    type: AuditVerification,
    access: 'audit:read',
    on: everywhere,
    description:
      'Follows the chain of seals over the audit record and says where it breaks: events that were altered, removed, inserted or moved since. Reads all of the record, so it takes the longer, the longer that is. Scope: audit:read.',
    complexity: 500,
    args: {
      since: t.arg({
        type: AuditVerificationStart,
        required: true,
        defaultValue: 'beginning',
        description: 'From where on to check.',
      }),
    },
    resolve: (_root, { since }, { services, signal }) => services.auditTrail.verify({ since, signal }),
  }),
);

const AuditRetention = builder.objectRef<{ readonly days: number | null }>('AuditRetention').implement({
  access: 'inherited',
  description: 'How long audit events are kept.',
  fields: (t) => ({
    days: t.exposeInt('days', { nullable: true, description: 'Null: for ever.' }),
  }),
});

builder.queryField('auditRetention', (t) =>
  t.field({
    type: AuditRetention,
    access: 'audit:read',
    on: everywhere,
    description: 'How long audit events are kept. Scope: audit:read.',
    resolve: async (_root, _args, { services }) => ({ days: await services.auditTrail.retentionDays() }),
  }),
);

const SetAuditRetentionInput = builder.inputType('SetAuditRetentionInput', {
  description: 'How long audit events are to be kept.',
  fields: (t) => ({
    days: t.int({
      description: `${retentionDays.min} to ${retentionDays.max}; null or left out: for ever.`,
    }),
  }),
  validate: z.object({
    days: z.int().min(retentionDays.min).max(retentionDays.max).nullish(),
  }),
});

builder.mutationField('setAuditRetention', (t) =>
  t.field({
    type: AuditRetention,
    access: 'settings:write',
    fresh: true,
    description:
      'Sets how long audit events are kept. Older ones are deleted within the hour, for good. Scope: settings:write.',
    args: {
      input: t.arg({ type: SetAuditRetentionInput, required: true, description: 'The time to keep them.' }),
    },
    resolve: async (_root, { input }, context) => {
      const days = input.days ?? null;
      await context.services.auditTrail.setRetentionDays(days, actorOf(context));
      return { days };
    },
  }),
);

import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import { builder } from '../builder.ts';

type ActorKind = 'user' | 'agent' | 'system' | 'anonymous';
type Outcome = 'ok' | 'refused' | 'failed';

const ActorKindEnum = builder.enumType('ActorKind', {
  values: {
    AGENT: { value: 'agent' },
    ANONYMOUS: { value: 'anonymous' },
    SYSTEM: { value: 'system' },
    USER: { value: 'user' },
  } as const satisfies Record<string, { value: ActorKind }>,
});

const AuditOutcomeEnum = builder.enumType('AuditOutcome', {
  values: {
    FAILED: { value: 'failed' },
    OK: { value: 'ok' },
    REFUSED: { value: 'refused' },
  } as const satisfies Record<string, { value: Outcome }>,
});

function actorKind(stored: string): ActorKind {
  return stored === 'user' || stored === 'agent' || stored === 'system' ? stored : 'anonymous';
}

function outcomeOf(stored: string): Outcome {
  return stored === 'ok' || stored === 'refused' ? stored : 'failed';
}

builder.prismaObject('AuditEvent', {
  access: 'audit:read',
  fields: (t) => ({
    action: t.exposeString('action', { description: 'noun.verb, such as server.create or container.stop.' }),
    actorId: t.exposeID('actorId', { nullable: true }),
    actorKind: t.field({ type: ActorKindEnum, resolve: (event) => actorKind(event.actorKind) }),
    actorLabel: t.exposeString('actorLabel', { description: "The actor's name at the time." }),
    address: t.exposeString('address', { nullable: true }),
    at: t.expose('at', { type: 'DateTime' }),
    code: t.exposeString('code', { nullable: true, description: "The error's code when refused or failed." }),
    count: t.exposeInt('count', { description: 'How many like events this stands for.' }),
    durationMs: t.exposeInt('durationMs', { nullable: true }),
    id: t.id({ resolve: ({ id }) => `evt_${id}` }),
    outcome: t.field({ type: AuditOutcomeEnum, resolve: (event) => outcomeOf(event.outcome) }),
    parameters: t.field({
      type: 'JSON',
      description: 'Secrets are blanked.',
      resolve: ({ parameters }) => parameters,
    }),
    serverId: t.exposeID('serverId', { nullable: true }),
    targetId: t.exposeID('targetId', { nullable: true }),
    targetKind: t.exposeString('targetKind', { nullable: true }),
    targetName: t.exposeString('targetName', {
      nullable: true,
      description: "The target's name at the time.",
    }),
  }),
});

const AuditEventFilter = builder.inputType('AuditEventFilter', {
  fields: (t) => ({
    action: t.string({ description: 'An action, or a noun for all of its actions.' }),
    actorId: t.id(),
    from: t.field({ type: 'DateTime' }),
    outcome: t.field({ type: AuditOutcomeEnum }),
    serverId: t.id(),
    to: t.field({ type: 'DateTime' }),
  }),
});

type Filter = typeof AuditEventFilter.$inferInput;

function where({ action, actorId, from, outcome, serverId, to }: Filter): Prisma.AuditEventWhereInput {
  return {
    ...(action && { OR: [{ action }, { action: { startsWith: `${action}.` } }] }),
    ...(actorId && { actorId }),
    ...((from || to) && { at: { ...(from && { gte: from }), ...(to && { lt: to }) } }),
    ...(outcome && { outcome }),
    ...(serverId && { serverId }),
  };
}

builder.queryField('auditEvents', (t) =>
  t.prismaConnection(
    {
      type: 'AuditEvent',
      cursor: 'id',
      access: 'audit:read',
      description: 'What was done, by whom and how it ended; newest first. Scope: audit:read.',
      args: { filter: t.arg({ type: AuditEventFilter }) },
      resolve: (query, _root, { filter }, { db }) =>
        db.prisma.auditEvent.findMany({
          ...query,
          where: filter ? where(filter) : {},
          orderBy: { id: 'desc' },
        }),
    },
    { name: 'AuditEventConnection' },
    { name: 'AuditEventEdge' },
  ),
);

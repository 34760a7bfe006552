import { resolveCursorConnection, type ResolveCursorConnectionArgs } from '@pothos/plugin-relay';
import { serversWhere } from '../access/sees.ts';
import { builder, defaultPageSize, maxPageSize } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { cursorOf, placeOf, readEvents } from './list.ts';
import type { StoredEvent } from './seals.ts';
import './trail-schema.ts';

type ActorKind = 'user' | 'token' | 'agent' | 'system' | 'anonymous';
type Outcome = 'ok' | 'refused' | 'failed';

const ActorKindEnum = builder.enumType('ActorKind', {
  description: 'Who did something.',
  values: {
    AGENT: { value: 'agent', description: 'The agent of a server.' },
    ANONYMOUS: { value: 'anonymous', description: 'Someone without credentials.' },
    SYSTEM: { value: 'system', description: 'The control plane by itself.' },
    TOKEN: { value: 'token', description: 'A program with an API token, on behalf of its owner.' },
    USER: { value: 'user', description: 'A person, by themselves.' },
  } as const satisfies Record<string, { value: ActorKind; description: string }>,
});

const AuditOutcomeEnum = builder.enumType('AuditOutcome', {
  description: 'How something ended.',
  values: {
    FAILED: { value: 'failed', description: 'It was tried and did not succeed; `code` says why.' },
    OK: { value: 'ok', description: 'It was done.' },
    REFUSED: { value: 'refused', description: 'It was not allowed and not tried.' },
  } as const satisfies Record<string, { value: Outcome; description: string }>,
});

const actorKinds: readonly ActorKind[] = ['user', 'token', 'agent', 'system'];

function actorKind(stored: string): ActorKind {
  return actorKinds.find((kind) => kind === stored) ?? 'anonymous';
}

function outcomeOf(stored: string): Outcome {
  return stored === 'ok' || stored === 'refused' ? stored : 'failed';
}

const AuditEvent = builder.objectRef<StoredEvent>('AuditEvent').implement({
  access: 'audit:read',
  // What is about no server is about the whole.
  on: ({ serverId }) => serverId,
  description: 'Something that was done or tried, and by whom. Entries are never changed.',
  fields: (t) => ({
    action: t.exposeString('action', { description: 'noun.verb, such as server.create or container.stop.' }),
    actorId: t.exposeID('actorId', {
      nullable: true,
      description: "The user's or server's id; null for the others.",
    }),
    actorKind: t.field({
      type: ActorKindEnum,
      description: 'What kind of actor did it.',
      resolve: (event) => actorKind(event.actorKind),
    }),
    actorLabel: t.exposeString('actorLabel', { description: "The actor's name at the time." }),
    address: t.exposeString('address', {
      nullable: true,
      description: 'The address it came from; null when it came from inside.',
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When it was recorded.' }),
    code: t.exposeString('code', { nullable: true, description: "The error's code when refused or failed." }),
    count: t.exposeInt('count', { description: 'How many like events this stands for.' }),
    durationMs: t.exposeInt('durationMs', {
      nullable: true,
      description: 'How long it took, in milliseconds; null when it took no time of its own.',
    }),
    exitCode: t.exposeInt('exitCode', {
      nullable: true,
      description: 'What the program that was run ended with, where one was.',
    }),
    id: t.id({ description: 'Opaque, evt_….', resolve: ({ id }) => `evt_${id}` }),
    outcome: t.field({
      type: AuditOutcomeEnum,
      description: 'How it ended.',
      resolve: (event) => outcomeOf(event.outcome),
    }),
    parameters: t.field({
      type: 'JSON',
      description: 'Secrets are blanked.',
      resolve: ({ parameters }) => parameters,
    }),
    serverId: t.exposeID('serverId', {
      nullable: true,
      description: 'The server it is about, if it is about one.',
    }),
    targetId: t.exposeID('targetId', { nullable: true, description: 'What was acted on, by its id.' }),
    targetKind: t.exposeString('targetKind', {
      nullable: true,
      description: 'What kind of thing was acted on: server, container, user, ….',
    }),
    targetName: t.exposeString('targetName', {
      nullable: true,
      description: "The target's name at the time.",
    }),
  }),
});

const AuditEventFilter = builder.inputType('AuditEventFilter', {
  description: 'Which events to list; what is left out does not matter.',
  fields: (t) => ({
    action: t.string({ description: 'An action, or a noun for all of its actions.' }),
    actorId: t.id({ description: 'Done by this user or server.' }),
    actorKind: t.field({ type: ActorKindEnum, description: 'Done by one of this kind.' }),
    from: t.field({ type: 'DateTime', description: 'At this instant or later.' }),
    outcome: t.field({ type: AuditOutcomeEnum, description: 'That ended like this.' }),
    serverId: t.id({ description: 'About this server.' }),
    targetId: t.id({ description: 'Done to this, whatever it is.' }),
    to: t.field({ type: 'DateTime', description: 'Before this instant.' }),
  }),
});

builder.queryField('auditEvents', (t) =>
  t.connection(
    {
      type: AuditEvent,
      access: 'audit:read',
      on: each,
      description:
        'What was done, by whom and how it ended; newest first. Who is limited to some servers sees what is about them. Scope: audit:read.',
      args: { filter: t.arg({ type: AuditEventFilter, description: 'Only these.' }) },
      resolve: (_root, { filter, ...args }, { db, principal }) =>
        resolveCursorConnection(
          { args, toCursor: cursorOf, defaultSize: defaultPageSize, maxSize: maxPageSize },
          ({ after, before, limit, inverted }: ResolveCursorConnectionArgs) =>
            readEvents(db.pool, {
              filter: filter ?? {},
              servers: serversWhere(principal.rights, 'audit:read')?.in,
              olderThan: placeOf('after', after),
              newerThan: placeOf('before', before),
              order: inverted ? 'oldest first' : 'newest first',
              limit,
            }),
        ),
    },
    { name: 'AuditEventConnection' },
    { name: 'AuditEventEdge' },
  ),
);

import { builder } from '../builder.ts';
import { BulkError } from '../bulk/result-type.ts';
import type { RequestContext } from '../context.ts';
import { containerRecreate } from '../containers/service.ts';
import { ContainerType } from '../containers/types.ts';
import { holds } from '../graphql/access.ts';
import { ServerType } from '../servers/server-type.ts';
import { stackPull } from '../stacks/service.ts';
import { StackType } from '../stacks/stack-type.ts';
import type { Attempt, Hold, NewerImage, Policy, UpdateMode } from './policy.ts';
import { nextOpening, type MaintenanceWindow } from './window.ts';

export const UpdateModeEnum = builder.enumType('UpdateMode', {
  description: 'What is done about newer images.',
  values: {
    APPLY: {
      value: 'apply',
      description:
        'They are applied in the window, and what ran before is put back unless they become healthy.',
    },
    NOTIFY: { value: 'notify', description: 'It is shown that there are some.' },
    OFF: { value: 'off', description: 'Nothing: registries are not asked.' },
  } as const satisfies Record<Uppercase<UpdateMode>, { value: UpdateMode; description: string }>,
});

const UpdateTargetKind = builder.enumType('UpdateTargetKind', {
  description: 'What an update policy is for.',
  values: {
    CONTAINER: { value: 'container', description: 'A container, also once it was made anew.' },
    STACK: { value: 'stack', description: 'Every container of a stack.' },
  } as const,
});

const UpdateHold = builder.enumType('UpdateHold', {
  description: 'Why a policy does nothing.',
  values: {
    FAILED: { value: 'failed', description: 'This very update failed before; see `attempt`.' },
    GONE: { value: 'gone', description: 'There is no such container or stack.' },
    MAINTENANCE: { value: 'maintenance', description: 'Somebody works on the server.' },
    OFFLINE: { value: 'offline', description: 'The agent is away.' },
    OWNER: {
      value: 'owner',
      description: 'Who set it is gone, disabled, or lost a scope that it takes.',
    },
    STOPPED: {
      value: 'stopped',
      description: 'It does not run, so that whether a new one is healthy could not be told.',
    },
    TOKEN: {
      value: 'token',
      description: 'The API token it was set with was revoked, has expired, or lost a scope that it takes.',
    },
  } as const satisfies Record<Uppercase<Hold>, { value: Hold; description: string }>,
});

const UpdateAttemptState = builder.enumType('UpdateAttemptState', {
  description: 'Where an update stands.',
  values: {
    BEGUN: { value: 'begun', description: 'Its job is at work.' },
    FAILED: {
      value: 'failed',
      description: 'See `reason` for what runs now; it is not tried again by itself.',
    },
    SUCCEEDED: { value: 'succeeded', description: 'It runs.' },
  } as const satisfies Record<Uppercase<Attempt['state']>, { value: Attempt['state']; description: string }>,
});

const NewerImageType = builder.objectRef<NewerImage>('NewerImage').implement({
  access: 'inherited',
  description: 'An image that would be pulled now and does not run.',
  fields: (t) => ({
    digest: t.exposeString('digest', { description: 'What its registry calls it, sha256:….' }),
    reference: t.exposeString('reference', { description: 'The tag.' }),
  }),
});

const MaintenanceWindowType = builder.objectRef<MaintenanceWindow>('MaintenanceWindow').implement({
  access: 'inherited',
  description: 'When updates may be applied. One that began in it goes on when it closes.',
  fields: (t) => ({
    days: t.intList({
      description: 'The days it opens on: 1 is Monday, 7 is Sunday.',
      resolve: ({ days }) => [...days],
    }),
    from: t.exposeString('from', { description: 'When it opens, such as 22:00.' }),
    timeZone: t.exposeString('timeZone', { description: 'By whose clocks: a name of the IANA database.' }),
    to: t.exposeString('to', {
      description: 'When it closes; on the next day where that is not after it opens.',
    }),
  }),
});

/** What a job said of itself is for those who may read what it worked on. */
const kindOfWork = { container: containerRecreate, stack: stackPull } as const;

type ShownAttempt = Attempt & Pick<Policy, 'kind' | 'serverId'>;

const UpdateAttempt = builder.objectRef<ShownAttempt>('UpdateAttempt').implement({
  access: 'inherited',
  description: 'An update that was begun.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When it was begun.' }),
    jobId: t.exposeID('jobId', { nullable: true, description: 'Its job; null before there is one.' }),
    newer: t.field({
      type: [NewerImageType],
      description: 'What was applied.',
      resolve: ({ newer }) => [...newer],
    }),
    reason: t.string({
      nullable: true,
      perViewer: true,
      description:
        'Why it failed; null otherwise, and for those who may not read the job: that takes docker:containers:read for a container, docker:compose:write for a stack.',
      resolve: ({ reason, kind, serverId }, _args, { principal }) =>
        holds(principal, { access: kindOfWork[kind].reads, where: serverId }) ? reason : null,
    }),
    state: t.expose('state', { type: UpdateAttemptState, description: 'Where it stands.' }),
  }),
});

export const UpdatePolicyType = builder.objectRef<Policy>('UpdatePolicy').implement({
  access: 'docker:images:read',
  on: ({ serverId }) => serverId,
  description: 'What is to be done about newer images of a container or a stack.',
  fields: (t) => ({
    attempt: t.field({
      type: UpdateAttempt,
      nullable: true,
      description: 'The newest update that was begun; null when none was.',
      resolve: ({ attempt, kind, serverId }) => attempt && { ...attempt, kind, serverId },
    }),
    checkedAt: t.expose('checkedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the registries were last asked; null when they never were.',
    }),
    composeService: t.exposeString('compose', {
      nullable: true,
      description: 'Of a container that Compose made: project/service/number; else null.',
    }),
    containerId: t.id({
      nullable: true,
      description: 'The container that it follows now; null when there is none, and for a stack.',
      resolve: (policy, _args, { services }) =>
        policy.kind === 'container' ? (services.updates.container(policy)?.container.id ?? null) : null,
    }),
    healthTimeoutSeconds: t.exposeInt('healthTimeoutSeconds', {
      description: 'How long a new one may take to become healthy.',
    }),
    hold: t.expose('hold', {
      type: UpdateHold,
      nullable: true,
      description:
        'Why it does nothing although there may be something newer; null when nothing is in the way.',
    }),
    id: t.exposeID('id', { description: 'Opaque, upd_….' }),
    kind: t.expose('kind', { type: UpdateTargetKind, description: 'What it is for.' }),
    mode: t.expose('mode', { type: UpdateModeEnum, description: 'What is done.' }),
    name: t.exposeString('name', { description: 'Of the container or stack.' }),
    newer: t.field({
      type: [NewerImageType],
      description: 'What is newer, as far as is known.',
      resolve: ({ newer }) => [...newer],
    }),
    nextCheckAt: t.expose('nextCheckAt', {
      type: 'DateTime',
      description: 'When the registries are asked again; later after each time that they did not answer.',
    }),
    nextWindowAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the window opens, or opened that is open; null where nothing is applied.',
      resolve: ({ mode, window }) =>
        mode === 'apply' ? (nextOpening(window, new Date())?.from ?? null) : null,
    }),
    noticedAt: t.expose('noticedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when something newer is known; null while nothing is.',
    }),
    problem: t.field({
      type: BulkError,
      nullable: true,
      description: 'What the last check could not find out; null when it could.',
      resolve: ({ problem }) => problem,
    }),
    server: t.prismaField({
      type: ServerType,
      description: 'The server it is on.',
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUniqueOrThrow({ ...query, where: { id: serverId } }),
    }),
    serverId: t.exposeID('serverId'),
    setAt: t.expose('setAt', { type: 'DateTime', description: 'When it was set.' }),
    setBy: t.exposeString('ownerLabel', {
      description: 'Who set it. It runs with what they may do now, and no more than they could then.',
    }),
    window: t.field({
      type: MaintenanceWindowType,
      description: 'When it may apply.',
      resolve: ({ window }) => window,
    }),
  }),
});

const unread = 'null when nobody said, and without docker:images:read.';

/** A list of containers is also for those who may not read of images. */
function seenBy({ principal }: RequestContext, policy: Policy | null): Policy | null {
  return policy && holds(principal, { access: 'docker:images:read', where: policy.serverId }) ? policy : null;
}

builder.objectField(ContainerType, 'updatePolicy', (t) =>
  t.field({
    type: UpdatePolicyType,
    nullable: true,
    description: `What is to be done about a newer image of it; ${unread}`,
    resolve: (seen, _args, context) => seenBy(context, context.services.updates.ofContainer(seen)),
  }),
);

builder.objectField(StackType, 'updatePolicy', (t) =>
  t.field({
    type: UpdatePolicyType,
    nullable: true,
    description: `What is to be done about newer images of it; ${unread}`,
    resolve: ({ serverId, stack }, _args, context) =>
      seenBy(context, context.services.updates.ofStack(serverId, stack.name)),
  }),
);

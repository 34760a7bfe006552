import { builder } from '../builder.ts';
import { stackName } from './fields.ts';
import type { ServicesNow } from './service.ts';
import { StackService, StackState, stateOf } from './stack-type.ts';

const StackEvent = builder.objectRef<ServicesNow>('StackEvent').implement({
  access: 'docker:compose:read',
  on: ({ serverId }) => serverId,
  description: 'What the services of a stack do now.',
  fields: (t) => ({
    observedAt: t.expose('observedAt', { type: 'DateTime', description: 'When this was last seen.' }),
    services: t.field({
      type: [StackService],
      description: 'Services that have containers, by name; none of a stack that is gone.',
      resolve: ({ services }) => services,
    }),
    state: t.field({
      type: StackState,
      description: 'What its containers do, taken together.',
      resolve: ({ services }) => stateOf(services),
    }),
  }),
});

builder.subscriptionField('stackEvents', (t) =>
  t.field({
    type: StackEvent,
    access: 'docker:compose:read',
    on: (_root, { serverId }) => serverId,
    description:
      'The services of a stack, whoever made it: as they are, then each time that something happens to them. Scope: docker:compose:read.',
    args: {
      name: t.arg.string({ required: true, description: 'Of the stack.', validate: stackName }),
      serverId: t.arg.id({ required: true }),
    },
    subscribe: (_root, { serverId, name }, { services, signal }) =>
      services.stacks.changes(serverId, name, signal),
    // Taken for each who joins, as the source is shared and may have been open for long.
    snapshot: ({ serverId }) => [{ serverId }],
    resolve: (_change, { serverId, name }, { services }) => services.stacks.services(serverId, name),
  }),
);

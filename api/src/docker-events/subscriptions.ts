import * as z from 'zod';
import { builder } from '../builder.ts';
import { LabelType } from '../containers/types.ts';
import { each } from '../graphql/access.ts';
import { fewOf, searchText } from '../input-text.ts';
import { isEventType, seenOf, type EventBatch } from './service.ts';

const EventType = builder.enumType('DockerEventType', {
  description: 'What an event of Docker is about.',
  values: {
    CONTAINER: { value: 'container', description: 'A container. Scope: docker:containers:read.' },
    IMAGE: { value: 'image', description: 'An image. Scope: docker:images:read.' },
    NETWORK: { value: 'network', description: 'A network. Scope: docker:networks:read.' },
    VOLUME: { value: 'volume', description: 'A volume. Scope: docker:volumes:read.' },
  } as const,
});

const DockerEvent = builder.objectRef<EventBatch['events'][number]>('DockerEvent').implement({
  access: 'inherited',
  description: 'Something that happened in Docker.',
  fields: (t) => ({
    action: t.exposeString('action', { description: 'start, die, create, pull, health_status: healthy, …' }),
    at: t.field({
      type: 'DateTime',
      description: "When, by the server's clock.",
      resolve: ({ at }) => new Date(at),
    }),
    details: t.field({
      type: [LabelType],
      description: 'More about it: exitCode, signal, image, container, …',
      resolve: ({ details }) => details,
    }),
    id: t.id({
      description: "Docker's id of what it happened to; a volume's name.",
      resolve: ({ id }) => id,
    }),
    key: t.exposeString('key', { description: 'Of no other event; one may be told twice.' }),
    name: t.exposeString('name', { description: 'What it is called, or its id.' }),
    type: t.field({
      type: EventType,
      description: 'What it happened to.',
      resolve: ({ type }) => (isEventType(type) ? type : 'container'),
    }),
  }),
});

const DockerEvents = builder.objectRef<EventBatch>('DockerEvents').implement({
  access: 'docker:containers:read',
  on: ({ serverId }) => serverId,
  description: 'Events of Docker on one server, in their order.',
  fields: (t) => ({
    events: t.field({
      type: [DockerEvent],
      description: 'What happened.',
      resolve: ({ events }) => events,
    }),
    missed: t.exposeInt('missed', {
      description: 'How many were lost before these, because there were more than could be told in time.',
    }),
    serverId: t.exposeID('serverId', { description: 'The server.' }),
  }),
});

builder.subscriptionField('dockerEvents', (t) =>
  t.field({
    type: DockerEvents,
    access: 'docker:containers:read',
    on: (_root, { serverIds }) => serverIds ?? each,
    // What is shared is executed with the one right that the field names, and this one tells by four of them.
    delivery: 'private',
    description:
      "Docker's events as they happen: first what happened lately, then each. Of images, networks and volumes with the scopes to read those. Scope: docker:containers:read.",
    args: {
      actions: t.arg.stringList({
        description: 'Only these, such as start or die; at most 40.',
        validate: z.array(z.string().max(50)).max(40, 'at most 40'),
      }),
      serverIds: t.arg.idList({
        description: 'Of these servers, 100 at most; of every server when absent.',
        validate: fewOf(100),
      }),
      text: t.arg.string({
        description: 'Words that are all found in name, id or action. At most 200 characters.',
        validate: searchText,
      }),
      types: t.arg({ type: [EventType], description: 'Only about these.', validate: fewOf(4) }),
    },
    subscribe: (_root, filter, { services, signal, principal: { rights } }) =>
      services.dockerEvents.watch(filter, rights, signal),
    resolve: (batch, filter, { principal: { rights } }) => seenOf(batch, filter, rights),
  }),
);

import { builder } from '../builder.ts';
import { scoped } from '../scoped.ts';
import { LabelType } from './container-type.ts';
import type { EngineEventBatch, FedEvent } from './event-feed.ts';

const Event = builder.objectRef<FedEvent>('EngineEvent').implement({
  description: "One of Docker's events. Times are ms since 1970.",
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Of no other event of this agent.' }),
    type: t.exposeString('type', { description: 'container, image, network or volume.' }),
    action: t.exposeString('action', { description: 'start, die, health_status: healthy, …' }),
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    details: t.expose('details', { type: [LabelType], description: 'exitCode, image, container, …' }),
    at: t.expose('at', { type: 'SafeInt' }),
  }),
});

const Batch = builder.objectRef<EngineEventBatch>('EngineEventBatch').implement({
  fields: (t) => ({
    events: t.expose('events', { type: [Event] }),
    missed: t.exposeInt('missed', { description: 'Lost before these, because they were not taken in time.' }),
  }),
});

const scopes = {
  container: 'docker:containers:read',
  image: 'docker:images:read',
  network: 'docker:networks:read',
  volume: 'docker:volumes:read',
} as const;

builder.subscriptionField('engineEvents', (t) =>
  t.field({
    ...scoped('docker:containers:read'),
    description:
      'What happened lately in Docker, then what happens. Of images, networks and volumes with the scopes to read those.',
    type: Batch,
    subscribe(_root, _args, { services, scopes: held, signal }) {
      services.policy.requireFeature('docker');
      const types = Object.entries(scopes).filter(([, scope]) => held.has(scope));
      return services.docker.events(new Set(types.map(([type]) => type)), signal);
    },
    resolve: (batch) => batch,
  }),
);

import { builder } from '../builder.ts';
import { AgentError } from '../errors.ts';
import { scoped } from '../scoped.ts';
import { ContainerChangeType, ContainerStatsBatchType, ContainerType } from './container-type.ts';
import { ContainerDetailsType } from './details-type.ts';
import './actions-schema.ts';
import './events-schema.ts';
import './logs-schema.ts';
import type { ContainerPage } from './service.ts';

/** Keeps a page of containers with many labels well below the largest frame. */
const MAX_PAGE = 500;

const Page = builder.objectRef<ContainerPage>('ContainerPage').implement({
  fields: (t) => ({
    items: t.expose('items', { type: [ContainerType] }),
    next: t.exposeString('next', {
      nullable: true,
      description: 'What to pass as after; null on the last page.',
    }),
  }),
});

builder.queryField('containers', (t) =>
  t.field({
    ...scoped('docker:containers:read'),
    description: 'Newest first.',
    type: Page,
    args: {
      all: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'Those that do not run as well.',
      }),
      ids: t.arg.idList({ description: 'Only these.' }),
      first: t.arg.int({ required: true, defaultValue: 200, description: `At most ${MAX_PAGE}.` }),
      after: t.arg.string(),
    },
    resolve(_root, { all, ids, first, after }, { services }) {
      services.policy.requireFeature('docker');
      if (first < 1 || first > MAX_PAGE) {
        throw new AgentError('INPUT_INVALID', `first must be between 1 and ${MAX_PAGE}.`);
      }
      return services.docker.list({ all, ids: ids ?? null, first, after: after ?? null });
    },
  }),
);

builder.queryField('container', (t) =>
  t.field({
    ...scoped('docker:containers:read'),
    description: 'Null when there is no such container.',
    type: ContainerDetailsType,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve(_root, { id }, { services }) {
      services.policy.requireFeature('docker');
      return services.docker.details(id);
    },
  }),
);

builder.subscriptionField('containerChanges', (t) =>
  t.field({
    ...scoped('docker:containers:read'),
    description: 'All containers, then what changes, within a tenth of a second of it. Never ends by itself.',
    type: ContainerChangeType,
    subscribe(_root, _args, { services, signal }) {
      services.policy.requireFeature('docker');
      return services.docker.changes(signal);
    },
    resolve: (change) => change,
  }),
);

builder.subscriptionField('containerStats', (t) =>
  t.field({
    ...scoped('docker:containers:read'),
    description: 'Use of all running containers, once per interval (1–60 s).',
    type: ContainerStatsBatchType,
    args: { intervalMs: t.arg.int({ required: true, defaultValue: 1000 }) },
    subscribe(_root, { intervalMs }, { services, signal }) {
      services.policy.requireFeature('docker');
      if (intervalMs < 1000 || intervalMs > 60_000) {
        throw new AgentError('INPUT_INVALID', 'intervalMs must be between 1000 and 60000.');
      }
      return services.docker.stats(intervalMs, signal);
    },
    resolve: (batch) => batch,
  }),
);

import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { pageOf } from '../graphql/page.ts';
import { fewOf, searchText } from '../input-text.ts';
import { ServerType } from '../servers/server-type.ts';
import { FleetContainerFilter, findContainers } from './filter-type.ts';
import { matchesFilter } from './filter.ts';
import { ContainerStateEnum, ContainerType } from './types.ts';

const ContainerFilterInput = builder.inputType('ContainerFilter', {
  description: 'Which containers of a server to list. All that is given must hold.',
  fields: (t) => ({
    labels: t.stringList({ description: 'key or key=value. At most 20.', validate: fewOf(20) }),
    states: t.field({
      type: [ContainerStateEnum],
      description: 'In any of these states.',
      validate: fewOf(20),
    }),
    text: t.string({
      description: 'Found in the name, image or id. At most 200 characters.',
      validate: searchText,
    }),
  }),
});

const ContainerCounts = builder
  .objectRef<{ readonly running: number; readonly total: number }>('ContainerCounts')
  .implement({
    access: 'inherited',
    description: 'How many containers a server has.',
    fields: (t) => ({
      running: t.exposeInt('running', { description: 'Those that run.' }),
      total: t.exposeInt('total', { description: 'All of them.' }),
    }),
  });

builder.prismaObjectFields(ServerType, (t) => ({
  container: t.field({
    type: ContainerType,
    nullable: true,
    access: 'docker:containers:read',
    on: ({ id }) => id,
    description: 'One container by Docker id; null when there is none.',
    args: { id: t.arg.id({ required: true, description: "Docker's id." }) },
    resolve: (server, { id }, { services }) => services.containers.find(server.id, id),
  }),
  containerCounts: t.field({
    type: ContainerCounts,
    nullable: true,
    access: 'docker:containers:read',
    on: ({ id }) => id,
    description: 'How many there are; null when they were never seen.',
    resolve: (server, _args, { services }) => services.containers.counts(server.id) ?? null,
  }),
  containers: t.field({
    type: [ContainerType],
    nullable: true,
    access: 'docker:containers:read',
    on: ({ id }) => id,
    description: 'The containers: live while online, the last known ones otherwise; null when never seen.',
    args: {
      all: t.arg.boolean({ defaultValue: true, description: 'Also those that do not run.' }),
      filters: t.arg({ type: ContainerFilterInput, description: 'Only these.' }),
    },
    resolve: async (server, { all, filters }, { services }) => {
      const list = await services.containers.list(server.id, all ?? true);
      return filters ? (list?.filter((seen) => matchesFilter(seen, filters)) ?? null) : list;
    },
  }),
  containersObservedAt: t.field({
    type: 'DateTime',
    nullable: true,
    access: 'docker:containers:read',
    on: ({ id }) => id,
    description: 'When the containers shown were last seen.',
    resolve: async (server, _args, { services }) =>
      (await services.containers.mirror.get(server.id))?.observedAt ?? null,
  }),
}));

builder.queryField('containers', (t) =>
  t.connection(
    {
      type: ContainerType,
      access: 'docker:containers:read',
      on: each,
      description:
        'Containers of every server, as last seen, ordered by server and container name. Scope: docker:containers:read.',
      args: { filter: t.arg({ type: FleetContainerFilter, description: 'Only these.' }) },
      resolve: async (_root, { filter, ...page }, { services, principal: { rights } }) => {
        const rows = await findContainers(filter ?? {}, services, {
          rights,
          scope: 'docker:containers:read',
        });
        return pageOf(rows, page, ({ serverId, container }) => `${serverId}:${container.id}`);
      },
    },
    { name: 'ContainerConnection', fields: (f) => ({ totalCount: f.exposeInt('totalCount') }) },
    { name: 'ContainerEdge' },
  ),
);

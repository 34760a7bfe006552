import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { ServerFilterInput } from './filter-type.ts';
import { countServers, listServers, listTags } from './list.ts';
import { ServerType } from './server-type.ts';

const SortDirection = builder.enumType('SortDirection', {
  description: 'Which way to sort.',
  values: {
    ASC: { description: 'The smallest first.' },
    DESC: { description: 'The largest first.' },
  } as const,
});

const ServerSortField = builder.enumType('ServerSortField', {
  description: 'What to sort servers by.',
  values: {
    CPU: { description: 'The newest CPU load.' },
    CREATED_AT: { description: 'When they were added.' },
    LAST_SEEN: { description: 'When their agent was last heard.' },
    MEMORY: { description: 'The newest share of memory in use.' },
    NAME: { description: 'Their names; web-9 comes before web-10.' },
    STATUS: { description: 'The worst first when ascending.' },
  } as const,
});

const ServerSortInput = builder.inputType('ServerSort', {
  description: 'How to sort servers.',
  fields: (t) => ({
    direction: t.field({
      type: SortDirection,
      required: true,
      defaultValue: 'ASC',
      description: 'Which way.',
    }),
    field: t.field({ type: ServerSortField, required: true, description: 'By what.' }),
  }),
});

builder.queryFields((t) => ({
  server: t.prismaField({
    type: ServerType,
    nullable: true,
    access: 'servers:read',
    on: each,
    description: 'One server; null when there is none with this id. Scope: servers:read.',
    args: { id: t.arg.id({ required: true, description: 'Its id, srv_….' }) },
    resolve: (query, _root, { id }, { db, principal: { rights } }) =>
      rights.on(id).has('servers:read') ? db.prisma.server.findUnique({ ...query, where: { id } }) : null,
  }),
  servers: t.connection(
    {
      type: ServerType,
      access: 'servers:read',
      on: each,
      description: 'The servers, by name unless sorted otherwise. Scope: servers:read.',
      args: {
        filter: t.arg({ type: ServerFilterInput, description: 'Only these.' }),
        sort: t.arg({ type: ServerSortInput, description: 'By name when absent.' }),
      },
      resolve: async (_root, { filter: given, sort, ...page }, { db, services, principal: { rights } }) => {
        const filter = given ?? {};
        const order = sort ?? { field: 'NAME', direction: 'ASC' };
        const loads = () => services.metrics.allNumbers();
        return {
          ...(await listServers(db.pool, { filter, sort: order, rights, loads }, page)),
          count: () => countServers(db.pool, filter, rights),
        };
      },
    },
    {
      name: 'ServerConnection',
      fields: (f) => ({ totalCount: f.int({ resolve: ({ count }) => count() }) }),
    },
    { name: 'ServerEdge' },
  ),
  serverTags: t.stringList({
    access: 'servers:read',
    on: each,
    description: 'Every tag that some server carries, in alphabetical order. Scope: servers:read.',
    resolve: (_root, _args, { db, principal: { rights } }) => listTags(db.pool, rights),
  }),
}));

import { builder } from '../builder.ts';
import { pageOf } from '../graphql/page.ts';
import { filterServers, loadFrom, sortServers } from './list.ts';
import { ServerStatusEnum, ServerType } from './server-type.ts';

const ServerFilterInput = builder.inputType('ServerFilter', {
  fields: (t) => ({
    statuses: t.field({ type: [ServerStatusEnum] }),
    tags: t.stringList({ description: 'Servers that carry every one of these.' }),
    text: t.string({ description: 'Found in the name, description, hostname, address or a tag.' }),
  }),
});

const SortDirection = builder.enumType('SortDirection', { values: ['ASC', 'DESC'] as const });

const ServerSortField = builder.enumType('ServerSortField', {
  values: {
    CPU: {},
    CREATED_AT: {},
    LAST_SEEN: {},
    MEMORY: {},
    NAME: {},
    STATUS: { description: 'The worst first when ascending.' },
  } as const,
});

const ServerSortInput = builder.inputType('ServerSort', {
  fields: (t) => ({
    direction: t.field({ type: SortDirection, required: true, defaultValue: 'ASC' }),
    field: t.field({ type: ServerSortField, required: true }),
  }),
});

builder.queryFields((t) => ({
  server: t.prismaField({
    type: ServerType,
    nullable: true,
    access: 'servers:read',
    description: 'One server; null when there is none with this id. Scope: servers:read.',
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { db }) => db.prisma.server.findUnique({ ...query, where: { id } }),
  }),
  servers: t.connection(
    {
      type: ServerType,
      access: 'servers:read',
      description: 'The servers, by name unless sorted otherwise. Scope: servers:read.',
      args: { filter: t.arg({ type: ServerFilterInput }), sort: t.arg({ type: ServerSortInput }) },
      resolve: async (_root, { filter, sort, ...page }, { db, services }) => {
        const rows = filterServers(await db.prisma.server.findMany(), filter ?? {});
        const order = sort ?? { field: 'NAME', direction: 'ASC' };
        return pageOf(sortServers(rows, order, loadFrom(services.metrics)), page, ({ id }) => id);
      },
    },
    { name: 'ServerConnection', fields: (f) => ({ totalCount: f.exposeInt('totalCount') }) },
    { name: 'ServerEdge' },
  ),
  serverTags: t.stringList({
    access: 'servers:read',
    description: 'Every tag that some server carries, in alphabetical order. Scope: servers:read.',
    resolve: async (_root, _args, { db }) => {
      const rows = await db.prisma.server.findMany({ select: { tags: true } });
      return [...new Set(rows.flatMap(({ tags }) => tags))].toSorted((a, b) => a.localeCompare(b));
    },
  }),
}));

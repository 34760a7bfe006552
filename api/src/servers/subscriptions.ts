import { builder } from '../builder.ts';
import { serverChanges, type ServerChange } from './events.ts';
import { ServerType } from './server-type.ts';

const ServerEventKind = builder.enumType('ServerEventKind', {
  description: 'What happened to a server.',
  values: {
    CREATED: { description: 'It was added.' },
    DELETED: { description: 'It was removed.' },
    STATUS: { description: 'Its status or its problems changed.' },
    UPDATED: { description: 'Something else about it changed.' },
  } as const,
});

const ServerEvent = builder.objectRef<ServerChange>('ServerEvent').implement({
  access: 'inherited',
  description: 'Something happened to a server.',
  fields: (t) => ({
    kind: t.field({ type: ServerEventKind, description: 'What happened.', resolve: ({ kind }) => kind }),
    server: t.prismaField({
      type: ServerType,
      nullable: true,
      description: 'Null when it was deleted.',
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUnique({ ...query, where: { id: serverId } }),
    }),
    serverId: t.exposeID('serverId'),
  }),
});

builder.subscriptionField('serverEvents', (t) =>
  t.field({
    type: ServerEvent,
    access: 'servers:read',
    overflow: 'skip',
    description: 'Servers as they are added, changed and removed. Scope: servers:read.',
    subscribe: (_root, _args, { services, signal }) => services.topics.subscribe(serverChanges, { signal }),
    resolve: (change: ServerChange) => change,
  }),
);

import { seesWith } from '../access/sees.ts';
import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
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
  access: 'servers:read',
  // One that is gone is not seen by anyone; who is told so knew of it.
  on: ({ kind, serverId }) => (kind === 'DELETED' ? each : serverId),
  description: 'Something happened to a server.',
  fields: (t) => ({
    kind: t.field({ type: ServerEventKind, description: 'What happened.', resolve: ({ kind }) => kind }),
    server: t.prismaField({
      type: ServerType,
      nullable: true,
      description: 'Null when it was deleted.',
      resolve: (query, { kind, serverId }, _args, { db }) =>
        kind === 'DELETED' ? null : db.prisma.server.findUnique({ ...query, where: { id: serverId } }),
    }),
    serverId: t.exposeID('serverId'),
  }),
});

builder.subscriptionField('serverEvents', (t) =>
  t.field({
    type: ServerEvent,
    access: 'servers:read',
    on: each,
    overflow: 'skip',
    description:
      'Servers as they are added, changed and removed; also those that come into sight or out of it as rights change. Scope: servers:read.',
    subscribe: (_root, _args, { services, signal, principal: { rights } }) => {
      const sees = seesWith(rights, 'servers:read');
      return services.topics.subscribe(serverChanges, {
        signal,
        ...(sees && { where: ({ serverId }) => sees(serverId) }),
      });
    },
    onRights: ({ before, now }, _args, { services }) => services.servers.changesOfSight(before, now),
    resolve: (change: ServerChange) => change,
  }),
);

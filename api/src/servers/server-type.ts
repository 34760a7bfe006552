import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import { intersect, isAgentScope, type PermissionProfile } from '@serverkit/wire/scopes.ts';
import { parseFacts, type HostFacts } from '../agents/hello.ts';
import { builder } from '../builder.ts';
import { Node, registerNode } from '../graphql/node.ts';
import { connectionOf, statusOf, type Connection, type Status } from './view.ts';

export const ServerStatusEnum = builder.enumType('ServerStatus', {
  description: 'The one word for a server. Maintenance is shown over everything but the error of its link.',
  values: {
    CONNECTING: { value: 'connecting' },
    ERROR: { value: 'error' },
    MAINTENANCE: { value: 'maintenance' },
    OFFLINE: { value: 'offline' },
    ONLINE: { value: 'online' },
    PENDING: { value: 'pending', description: 'Added, and no agent has joined yet.' },
  } as const satisfies Record<Uppercase<Status>, { value: Status; description?: string }>,
});

const ConnectionStateEnum = builder.enumType('ConnectionState', {
  description: "The state of the link to a server's agent.",
  values: {
    CONNECTING: { value: 'connecting' },
    ERROR: { value: 'error' },
    OFFLINE: { value: 'offline' },
    ONLINE: { value: 'online' },
    PENDING: { value: 'pending' },
  } as const satisfies Record<Uppercase<Connection>, { value: Connection }>,
});

export const PermissionProfileEnum = builder.enumType('PermissionProfile', {
  values: {
    CUSTOM: { value: 'custom' },
    DOCKER_MANAGER: { value: 'docker_manager' },
    DOCKER_READONLY: { value: 'docker_readonly' },
    FULL_ACCESS: { value: 'full_access' },
  } as const satisfies Record<Uppercase<PermissionProfile>, { value: PermissionProfile }>,
});

const profiles = ['docker_readonly', 'docker_manager', 'full_access'] as const satisfies PermissionProfile[];

function profileOf(value: string): PermissionProfile {
  return profiles.find((profile) => profile === value) ?? 'custom';
}

export const DockerFacts = builder.objectRef<HostFacts['docker']>('DockerFacts').implement({
  access: 'inherited',
  fields: (t) => ({
    apiVersion: t.string({ nullable: true, resolve: ({ apiVersion }) => apiVersion ?? null }),
    available: t.exposeBoolean('available'),
    error: t.string({ nullable: true, resolve: ({ error }) => error ?? null }),
    storageDriver: t.string({ nullable: true, resolve: ({ storageDriver }) => storageDriver ?? null }),
    version: t.string({ nullable: true, resolve: ({ version }) => version ?? null }),
  }),
});

const ServerFacts = builder.objectRef<HostFacts>('ServerFacts').implement({
  access: 'inherited',
  description: "What a server's agent says about its machine.",
  fields: (t) => ({
    addresses: t.exposeStringList('addresses'),
    agentVersion: t.exposeString('agentVersion'),
    arch: t.exposeString('arch'),
    bootedAt: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: ({ bootedAt }) => (bootedAt == null ? null : new Date(bootedAt)),
    }),
    contract: t.exposeString('contract'),
    cpuCount: t.exposeInt('cpuCount'),
    cpuModel: t.exposeString('cpuModel'),
    diskBytes: t.expose('diskBytes', { type: 'SafeInt' }),
    docker: t.field({ type: DockerFacts, resolve: ({ docker }) => docker }),
    hostname: t.exposeString('hostname'),
    kernel: t.exposeString('kernel'),
    memoryBytes: t.expose('memoryBytes', { type: 'SafeInt' }),
    nodeVersion: t.exposeString('nodeVersion'),
    osName: t.exposeString('osName'),
    osVersion: t.exposeString('osVersion'),
    runsAs: t.exposeString('runsAs', { description: 'The account the agent runs as.' }),
    supervisor: t.exposeString('supervisor', {
      description: 'What starts the agent again: systemd, script, parent or none.',
    }),
    timezone: t.exposeString('timezone'),
    virtualization: t.string({ nullable: true, resolve: ({ virtualization }) => virtualization ?? null }),
  }),
});

const LinkSession = builder.prismaObject('LinkSession', {
  access: 'inherited',
  description: 'One accepted link of an agent.',
  fields: (t) => ({
    address: t.exposeString('address'),
    agentVersion: t.exposeString('agentVersion'),
    connectedAt: t.expose('connectedAt', { type: 'DateTime' }),
    endCode: t.exposeInt('endCode', { nullable: true }),
    endReason: t.exposeString('endReason', { nullable: true }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true }),
    id: t.exposeID('id'),
  }),
});

const Registration = builder.prismaObject('RegistrationToken', {
  name: 'Registration',
  access: 'inherited',
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
    usedAt: t.expose('usedAt', { type: 'DateTime', nullable: true }),
    usedFrom: t.exposeString('usedFrom', { nullable: true }),
  }),
});

/** Other domains add their fields (metrics, containers, problems) from their own rooms. */
export const ServerType = builder.prismaObject('Server', {
  access: 'servers:read',
  interfaces: [Node],
  fields: (t) => ({
    agentVersion: t.exposeString('agentVersion', { nullable: true }),
    clockSkewMs: t.exposeInt('clockSkewMs', {
      nullable: true,
      description: "The agent's clock minus ours, in milliseconds.",
    }),
    connection: t.field({ type: ConnectionStateEnum, resolve: connectionOf }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    description: t.exposeString('description'),
    effectiveScopes: t.stringList({
      description: 'What can be done here now: granted to the server, allowed by its agent.',
      resolve: ({ scopes, localScopes }) => intersect(scopes, localScopes).filter(isAgentScope),
    }),
    facts: t.field({ type: ServerFacts, nullable: true, resolve: ({ facts }) => parseFacts(facts) }),
    factsAt: t.expose('factsAt', { type: 'DateTime', nullable: true }),
    isLocal: t.exposeBoolean('isLocal', {
      description: 'The machine that the control plane itself runs on.',
    }),
    lastError: t.exposeString('lastError', {
      nullable: true,
      description: 'Why the link last failed, in one sentence.',
    }),
    lastSeenAt: t.field({
      type: 'DateTime',
      nullable: true,
      // While the link is up it is seen all the time; the database hears of it when the link ends.
      resolve: ({ id, lastSeenAt }, _args, { services }) =>
        services.agents.links.get(id) ? new Date() : lastSeenAt,
    }),
    linkSessions: t.relatedConnection(
      'links',
      {
        type: LinkSession,
        cursor: 'id',
        description: 'Links of the agent, the newest first.',
        query: { orderBy: [{ connectedAt: 'desc' }, { id: 'desc' }] },
      },
      { name: 'LinkSessionConnection' },
      { name: 'LinkSessionEdge' },
    ),
    maintenance: t.exposeBoolean('maintenance'),
    name: t.exposeString('name'),
    permissionProfile: t.field({
      type: PermissionProfileEnum,
      resolve: ({ permissionProfile }) => profileOf(permissionProfile),
    }),
    registeredAt: t.expose('registeredAt', { type: 'DateTime', nullable: true }),
    registration: t.prismaField({
      type: Registration,
      nullable: true,
      access: 'servers:register',
      description: 'The newest invitation for an agent. Scope: servers:register.',
      resolve: (query, { id }, _args, { db }) =>
        db.prisma.registrationToken.findFirst({
          ...query,
          where: { serverId: id },
          orderBy: { createdAt: 'desc' },
        }),
    }),
    scopes: t.exposeStringList('scopes', {
      description: 'The ceiling given to the server, as patterns.',
    }),
    status: t.field({ type: ServerStatusEnum, resolve: statusOf }),
    tags: t.exposeStringList('tags'),
  }),
});

registerNode('server', {
  typeName: 'Server',
  access: 'servers:read',
  load: (id, { services }): Promise<Server | null> => services.servers.find(id),
});

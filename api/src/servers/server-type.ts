import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import { intersect, isAgentScope, type PermissionProfile } from '@serverkit/wire/scopes.ts';
import { parseFacts, type HostFacts } from '../agents/hello.ts';
import { builder } from '../builder.ts';
import { Node, registerNode } from '../graphql/node.ts';
import { connectionOf, statusOf, type Connection, type Status } from './view.ts';

export const ServerStatusEnum = builder.enumType('ServerStatus', {
  description: 'The one word for a server. Maintenance is shown over everything but the error of its link.',
  values: {
    CONNECTING: { value: 'connecting', description: 'Its agent is shaking hands.' },
    ERROR: { value: 'error', description: 'Its agent connects and cannot be talked to; see `lastError`.' },
    MAINTENANCE: { value: 'maintenance', description: 'Somebody works on it; its problems are not counted.' },
    OFFLINE: { value: 'offline', description: 'Its agent is not connected.' },
    ONLINE: { value: 'online', description: 'Its agent is connected.' },
    PENDING: { value: 'pending', description: 'Added, and no agent has joined yet.' },
  } as const satisfies Record<Uppercase<Status>, { value: Status; description: string }>,
});

const ConnectionStateEnum = builder.enumType('ConnectionState', {
  description: "The state of the link to a server's agent.",
  values: {
    CONNECTING: { value: 'connecting', description: 'The agent is shaking hands.' },
    ERROR: { value: 'error', description: 'The agent connects and cannot be talked to.' },
    OFFLINE: { value: 'offline', description: 'The agent is not connected.' },
    ONLINE: { value: 'online', description: 'The agent is connected.' },
    PENDING: { value: 'pending', description: 'No agent has joined yet.' },
  } as const satisfies Record<Uppercase<Connection>, { value: Connection; description: string }>,
});

export const PermissionProfileEnum = builder.enumType('PermissionProfile', {
  description: 'A ready-made ceiling of what can be done on a server.',
  values: {
    CUSTOM: { value: 'custom', description: 'Scopes chosen one by one.' },
    DOCKER_MANAGER: {
      value: 'docker_manager',
      description: 'Everything of Docker that does not amount to root, and looking at the machine.',
    },
    DOCKER_READONLY: {
      value: 'docker_readonly',
      description: "Looking at Docker and at the machine's numbers.",
    },
    FULL_ACCESS: { value: 'full_access', description: "Everything, root's terminal included." },
  } as const satisfies Record<
    Uppercase<PermissionProfile>,
    { value: PermissionProfile; description: string }
  >,
});

const profiles = ['docker_readonly', 'docker_manager', 'full_access'] as const satisfies PermissionProfile[];

function profileOf(value: string): PermissionProfile {
  return profiles.find((profile) => profile === value) ?? 'custom';
}

export const DockerFacts = builder.objectRef<HostFacts['docker']>('DockerFacts').implement({
  access: 'inherited',
  description: 'The Docker engine of a server.',
  fields: (t) => ({
    apiVersion: t.string({
      nullable: true,
      description: 'The version of its API.',
      resolve: ({ apiVersion }) => apiVersion ?? null,
    }),
    available: t.exposeBoolean('available', { description: 'Whether it answers.' }),
    error: t.string({
      nullable: true,
      description: 'Why it does not answer, in one sentence.',
      resolve: ({ error }) => error ?? null,
    }),
    storageDriver: t.string({
      nullable: true,
      description: 'Where it keeps images and containers, such as overlay2.',
      resolve: ({ storageDriver }) => storageDriver ?? null,
    }),
    version: t.string({
      nullable: true,
      description: "The engine's version.",
      resolve: ({ version }) => version ?? null,
    }),
  }),
});

const ServerFacts = builder.objectRef<HostFacts>('ServerFacts').implement({
  access: 'inherited',
  description: "What a server's agent says about its machine.",
  fields: (t) => ({
    addresses: t.exposeStringList('addresses', {
      description: "The machine's own IP addresses, loopback left out.",
    }),
    agentVersion: t.exposeString('agentVersion', { description: 'The release of the agent.' }),
    arch: t.exposeString('arch', { description: 'As Node names it, such as x64 or arm64.' }),
    bootedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the machine started.',
      resolve: ({ bootedAt }) => (bootedAt == null ? null : new Date(bootedAt)),
    }),
    contract: t.exposeString('contract', {
      description: 'The version of the contract that the agent speaks.',
    }),
    cpuCount: t.exposeInt('cpuCount', { description: 'Logical CPUs.' }),
    cpuModel: t.exposeString('cpuModel', { description: 'What the CPU calls itself.' }),
    diskBytes: t.expose('diskBytes', { type: 'SafeInt', description: 'All mounted file systems together.' }),
    docker: t.field({
      type: DockerFacts,
      description: 'The Docker engine.',
      resolve: ({ docker }) => docker,
    }),
    hostname: t.exposeString('hostname', { description: "The machine's name." }),
    kernel: t.exposeString('kernel', { description: 'Its name and release, such as Linux 6.1.0.' }),
    memoryBytes: t.expose('memoryBytes', { type: 'SafeInt', description: "The machine's memory." }),
    nodeVersion: t.exposeString('nodeVersion', { description: 'The Node that runs the agent.' }),
    osName: t.exposeString('osName', { description: 'Such as Debian GNU/Linux.' }),
    osVersion: t.exposeString('osVersion', { description: 'Such as 12 (bookworm).' }),
    runsAs: t.exposeString('runsAs', { description: 'The account the agent runs as.' }),
    supervisor: t.exposeString('supervisor', {
      description: 'What starts the agent again: systemd, script, parent or none.',
    }),
    timezone: t.exposeString('timezone', { description: 'Such as Europe/Paris.' }),
    virtualization: t.string({
      nullable: true,
      description: 'What it runs in, such as kvm or docker; null on bare metal or where it cannot be told.',
      resolve: ({ virtualization }) => virtualization ?? null,
    }),
  }),
});

const LinkSession = builder.prismaObject('LinkSession', {
  access: 'inherited',
  description: 'One accepted link of an agent.',
  fields: (t) => ({
    address: t.exposeString('address', { description: 'Where the agent dialed from.' }),
    agentVersion: t.exposeString('agentVersion', { description: 'The release of the agent at the time.' }),
    connectedAt: t.expose('connectedAt', { type: 'DateTime', description: 'When the link was accepted.' }),
    endCode: t.exposeInt('endCode', {
      nullable: true,
      description: "The WebSocket's close code; null while it is up.",
    }),
    endReason: t.exposeString('endReason', {
      nullable: true,
      description: 'Why it ended, in one sentence; null while it is up.',
    }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it is up.',
    }),
    id: t.exposeID('id', { description: 'Opaque.' }),
  }),
});

const Registration = builder.prismaObject('RegistrationToken', {
  name: 'Registration',
  access: 'inherited',
  description: 'An invitation for an agent. The token itself is shown only when it is made.',
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when it can be used.' }),
    usedAt: t.expose('usedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When an agent used it; null before.',
    }),
    usedFrom: t.exposeString('usedFrom', {
      nullable: true,
      description: 'The address that agent came from.',
    }),
  }),
});

/** Other domains add their fields (metrics, containers, problems) from their own rooms. */
export const ServerType = builder.prismaObject('Server', {
  access: 'servers:read',
  on: ({ id }) => id,
  interfaces: [Node],
  description: 'A managed server: a machine with an agent.',
  fields: (t) => ({
    agentVersion: t.exposeString('agentVersion', {
      nullable: true,
      description: 'The release of its agent; null before one joined.',
    }),
    clockSkewMs: t.exposeInt('clockSkewMs', {
      nullable: true,
      description: "The agent's clock minus ours, in milliseconds.",
    }),
    connection: t.field({
      type: ConnectionStateEnum,
      description: 'The link to its agent.',
      resolve: connectionOf,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was added.' }),
    description: t.exposeString('description', { description: 'Free text; may be empty.' }),
    effectiveScopes: t.stringList({
      description: 'What can be done here now: granted to the server, allowed by its agent.',
      resolve: ({ scopes, localScopes }) => intersect(scopes, localScopes).filter(isAgentScope),
    }),
    facts: t.field({
      type: ServerFacts,
      nullable: true,
      description: 'What its agent says about the machine; null before one joined.',
      resolve: ({ facts }) => parseFacts(facts),
    }),
    factsAt: t.expose('factsAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the facts were told.',
    }),
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
      description: 'When its agent was last heard; null before one joined.',
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
    maintenance: t.exposeBoolean('maintenance', {
      description: 'Whether somebody works on it, so that its problems are not counted.',
    }),
    name: t.exposeString('name', { description: "Unlike every other server's." }),
    permissionProfile: t.field({
      type: PermissionProfileEnum,
      description: 'The profile that its scopes come from.',
      resolve: ({ permissionProfile }) => profileOf(permissionProfile),
    }),
    registeredAt: t.expose('registeredAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its agent joined; null before.',
    }),
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
    status: t.field({ type: ServerStatusEnum, description: 'The one word for it.', resolve: statusOf }),
    tags: t.exposeStringList('tags', { description: 'In the order they were given.' }),
  }),
});

registerNode('server', {
  typeName: 'Server',
  access: 'servers:read',
  on: ({ id }: Server) => id,
  load: (id, { services }): Promise<Server | null> => services.servers.find(id),
});

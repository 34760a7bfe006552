import { builder } from '../builder.ts';
import { askerOf } from '../graphql/held.ts';
import { ContainerHealthEnum, ContainerStateEnum } from '../containers/types.ts';
import { ServerType } from '../servers/server-type.ts';
import { readerOf, version as versionNumber } from './fields.ts';
import type { SeenStack, StackFiles, StackVersion } from './service.ts';

type Service = SeenStack['stack']['services'][number];

export const StackState = builder.enumType('StackState', {
  description: 'What the containers of a stack do, taken together.',
  values: {
    EMPTY: { description: 'There is no container of it.' },
    PARTIAL: { description: 'Some run, others neither run nor ended well.' },
    RUNNING: { description: 'Some run, and those that do not did their work and ended well (exit code 0).' },
    STOPPED: { description: 'None of them runs.' },
  } as const,
});

/** As a migration does, or another service that is there for one piece of work. */
const endedWell = ({ state, exitCode }: Service['containers'][number]): boolean =>
  state === 'EXITED' && exitCode === 0;

export function stateOf(services: readonly Service[]): 'EMPTY' | 'PARTIAL' | 'RUNNING' | 'STOPPED' {
  const all = services.flatMap(({ containers }) => containers);
  if (all.length === 0) return 'EMPTY';
  if (!all.some(({ state }) => state === 'RUNNING')) return 'STOPPED';
  return all.every((one) => one.state === 'RUNNING' || endedWell(one)) ? 'RUNNING' : 'PARTIAL';
}

const healths = ['healthy', 'starting', 'unhealthy'] as const;

const StackContainer = builder.objectRef<Service['containers'][number]>('StackContainer').implement({
  access: 'inherited',
  description: 'A container of a stack.',
  fields: (t) => ({
    configHash: t.exposeString('configHash', {
      nullable: true,
      description: "Compose's hash of the service as it was when the container was made.",
    }),
    containerId: t.exposeID('id', { description: "The container, by Docker's id." }),
    exitCode: t.exposeInt('exitCode', { nullable: true, description: 'How it ended; null while it runs.' }),
    health: t.field({
      type: ContainerHealthEnum,
      nullable: true,
      description: 'What its health check says; null when it has none or is not running.',
      resolve: ({ health }) => healths.find((one) => one === health) ?? null,
    }),
    image: t.exposeString('image', { description: 'As it was named when the container was made.' }),
    imageId: t.exposeString('imageId', { description: "Docker's id of the image, sha256:…." }),
    name: t.exposeString('name', { description: 'The name of the container.' }),
    number: t.exposeInt('number', { description: "Which of the service's, from 1." }),
    state: t.field({ type: ContainerStateEnum, description: 'What it does.', resolve: ({ state }) => state }),
    status: t.exposeString('status', { description: "In Docker's words: Up 3 hours (healthy)." }),
  }),
});

export const StackService = builder.objectRef<Service>('StackService').implement({
  access: 'inherited',
  description: 'A service of a stack.',
  fields: (t) => ({
    containers: t.field({
      type: [StackContainer],
      description: 'Its containers, by number.',
      resolve: ({ containers }) => containers,
    }),
    name: t.exposeString('name', { description: 'As the file names it.' }),
  }),
});

export const StackFilesType = builder.objectRef<StackFiles>('StackFiles').implement({
  access: 'inherited',
  description: 'The two files that make a stack. They may hold secrets.',
  fields: (t) => ({
    compose: t.exposeString('compose', { description: 'The file compose.yaml.' }),
    env: t.exposeString('env', { description: 'The file .env; empty without.' }),
  }),
});

const DeployedService = builder.objectRef<StackVersion['services'][number]>('DeployedService').implement({
  access: 'inherited',
  description: 'What one service ran as.',
  fields: (t) => ({
    configHash: t.exposeString('configHash', {
      nullable: true,
      description: "Compose's hash of the service.",
    }),
    digests: t.exposeStringList('digests', {
      description: 'By which a registry gives the same image again; empty for one made on the server.',
    }),
    image: t.exposeString('image', { description: 'As the file names it.' }),
    imageId: t.exposeString('imageId', { description: "Docker's id of the image, sha256:…." }),
    service: t.exposeString('service', { description: 'As the file names it.' }),
  }),
});

/** A version together with the stack that it is of. */
interface VersionOfStack extends StackVersion {
  readonly serverId: string;
  readonly stack: string;
}

function versionOf(version: StackVersion, serverId: string, stack: string): VersionOfStack {
  return { ...version, serverId, stack };
}

const StackVersionType = builder.objectRef<VersionOfStack>('StackVersion').implement({
  access: 'docker:compose:read',
  on: ({ serverId }) => serverId,
  description: 'A deployment that came to a good end.',
  fields: (t) => ({
    commit: t.exposeString('commit', {
      nullable: true,
      description: 'Of the Git repository that its file came from; null for one from elsewhere.',
    }),
    composeVersion: t.exposeString('composeVersion', { description: 'Of the Compose that deployed it.' }),
    deployedAt: t.field({
      type: 'DateTime',
      description: 'When it was deployed.',
      resolve: ({ at }) => new Date(at),
    }),
    files: t.field({
      type: StackFilesType,
      nullable: true,
      access: 'docker:compose:write',
      perViewer: true,
      on: ({ serverId }) => serverId,
      description:
        'What was deployed; asks the agent. Over HTTP only; asking is audited. Scope: docker:compose:write, as they may hold secrets.',
      resolve: ({ serverId, stack, number }, _args, context) =>
        context.services.stacks.files({ serverId, name: stack, version: number }, readerOf(context)),
    }),
    number: t.exposeInt('number', { description: 'From 1.' }),
    restores: t.exposeInt('restores', {
      nullable: true,
      description: 'The version that it went back to; null for one that was new.',
    }),
    services: t.field({
      type: [DeployedService],
      description: 'What each service ran as.',
      resolve: ({ services }) => services,
    }),
  }),
});

export const StackType = builder.objectRef<SeenStack>('Stack').implement({
  access: 'docker:compose:read',
  on: ({ serverId }) => serverId,
  description: 'A Compose project on a server, whoever made it.',
  fields: (t) => ({
    configFiles: t.stringList({
      description: 'The files it was made from, as Compose noted them; empty where it did not.',
      resolve: ({ stack }) => stack.configFiles,
    }),
    files: t.field({
      type: StackFilesType,
      nullable: true,
      access: 'docker:compose:write',
      perViewer: true,
      on: ({ serverId }) => serverId,
      description:
        'As they stand on the server, or as they were deployed with a version; null for a stack that was made elsewhere. Over HTTP only; asking is audited. Scope: docker:compose:write, as they may hold secrets.',
      args: {
        version: t.arg.int({
          description: 'The number of a version; none for what stands there now.',
          validate: versionNumber,
        }),
      },
      resolve: ({ serverId, stack }, { version }, context) =>
        context.services.stacks.files(
          { serverId, name: stack.name, version: version ?? null },
          readerOf(context),
        ),
    }),
    folder: t.string({
      nullable: true,
      description: 'Where its files are on the server; null where nobody said.',
      resolve: ({ stack }) => stack.folder,
    }),
    managed: t.boolean({
      description: 'Whether its files are kept by the agent. One that is not was made elsewhere.',
      resolve: ({ stack }) => stack.managed,
    }),
    name: t.string({
      description: 'Its name, unlike every other on the server.',
      resolve: ({ stack }) => stack.name,
    }),
    observedAt: t.expose('observedAt', { type: 'DateTime', description: 'When this was last seen.' }),
    server: t.prismaField({
      type: ServerType,
      description: 'The server it is on.',
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUniqueOrThrow({ ...query, where: { id: serverId } }),
    }),
    services: t.field({
      type: [StackService],
      description: 'Services that have containers, by name.',
      resolve: ({ stack }) => stack.services,
    }),
    state: t.field({
      type: StackState,
      description: 'What its containers do, taken together.',
      resolve: ({ stack }) => stateOf(stack.services),
    }),
    version: t.int({
      nullable: true,
      description: 'The newest version that was deployed; null for a stack that was made elsewhere.',
      resolve: ({ stack }) => stack.version,
    }),
    versions: t.field({
      type: [StackVersionType],
      nullable: true,
      description: 'What was deployed, newest first, 50 at most; asks the agent.',
      resolve: async ({ serverId, stack }, _args, { services, principal }) =>
        (await services.stacks.versions(serverId, stack.name, askerOf(principal))).map((version) =>
          versionOf(version, serverId, stack.name),
        ),
    }),
  }),
});

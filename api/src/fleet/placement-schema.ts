import * as z from 'zod';
import { seesWith } from '../access/sees.ts';
import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { ServerFilterInput } from '../servers/filter-type.ts';
import { ServerType } from '../servers/server-type.ts';
import { knownServers } from './known.ts';
import { placementOf, type Candidate, type Exclusion, type Placement } from './service.ts';

const PlacementWork = builder.enumType('PlacementWork', {
  description: 'What is to be placed.',
  values: {
    IMAGE_PULL: { value: 'docker:images:write', description: 'An image. Scope: docker:images:write.' },
    STACK_DEPLOY: { value: 'docker:compose:write', description: 'A stack. Scope: docker:compose:write.' },
  } as const,
});

const PlacementExclusion = builder.enumType('PlacementExclusion', {
  description: 'Why a server is not proposed.',
  values: {
    MAINTENANCE: { description: 'Somebody works on it.' },
    NO_DOCKER: { description: 'Docker does not answer on it.' },
    NO_METRICS: { description: 'Nothing was measured on it for two minutes.' },
    NO_SCOPE: { description: 'You may not do it there, or the server allows it to nobody.' },
    OFFLINE: { description: 'Its agent is not connected.' },
    TOO_LITTLE_MEMORY: { description: 'Less memory is free than was asked for.' },
  } as const satisfies Record<Exclusion, { description: string }>,
});

const PlacementCandidate = builder.objectRef<Candidate>('PlacementCandidate').implement({
  access: 'servers:read',
  on: ({ serverId }) => serverId,
  description: 'A server that could take it, and what speaks for it.',
  fields: (t) => ({
    cores: t.exposeInt('cores', { description: 'Cores that it has.' }),
    coresFree: t.exposeFloat('coresFree', { description: 'Cores that do nothing, such as 2.5 of 4.' }),
    memoryFreeBytes: t.expose('memoryFree', { type: 'SafeInt', description: 'Memory that is free. Bytes.' }),
    memoryTotalBytes: t.expose('memoryTotal', { type: 'SafeInt', description: 'Memory that it has. Bytes.' }),
    score: t.exposeInt('score', {
      description:
        '0–100: half for free memory and half for free cores, each beside the server that has most of it.',
    }),
    server: t.prismaField({
      type: ServerType,
      nullable: true,
      description: 'The server; null when it went meanwhile.',
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUnique({ ...query, where: { id: serverId } }),
    }),
    serverId: t.exposeID('serverId'),
  }),
});

const ExcludedServer = builder.objectRef<Placement['excluded'][number]>('ExcludedServer').implement({
  access: 'servers:read',
  on: ({ serverId }) => serverId,
  description: 'A server that is not proposed.',
  fields: (t) => ({
    reason: t.field({ type: PlacementExclusion, description: 'Why.', resolve: ({ reason }) => reason }),
    serverId: t.exposeID('serverId'),
  }),
});

const PlacementType = builder.objectRef<Placement>('Placement').implement({
  access: 'inherited',
  description: 'Where something could go.',
  fields: (t) => ({
    candidates: t.field({
      type: [PlacementCandidate],
      description: 'The best first.',
      resolve: ({ candidates }) => candidates,
    }),
    excluded: t.field({
      type: [ExcludedServer],
      description: 'The others, and why.',
      resolve: ({ excluded }) => excluded,
    }),
  }),
});

const ProposePlacementInput = builder.inputType('ProposePlacementInput', {
  fields: (t) => ({
    filter: t.field({ type: ServerFilterInput, description: 'Among these only. @default all that are seen' }),
    memoryBytes: t.field({
      type: 'SafeInt',
      description: 'So much memory must be free. Bytes.',
      validate: z.number().min(0),
    }),
    work: t.field({
      type: PlacementWork,
      required: true,
      defaultValue: 'docker:compose:write',
      description: 'What is to be placed.',
    }),
  }),
});

builder.queryField('proposePlacement', (t) =>
  t.field({
    type: PlacementType,
    access: 'servers:read',
    on: each,
    perViewer: true,
    description:
      'Where to put something: the servers that are seen, those with the most free memory and cores by the newest measurement first, and why the others do not come into question. Nothing is reserved. Scope: servers:read; where the scope of the work is missing, that is the reason.',
    args: {
      input: t.arg({
        type: ProposePlacementInput,
        required: true,
        description: 'What is to be placed, and where it may go.',
      }),
    },
    resolve: async (_root, { input: { filter, memoryBytes, work } }, { services, db, principal }) => {
      const { rights } = principal;
      const ids = filter ? await services.servers.select(filter, rights) : undefined;
      const known = await knownServers({ db, services }, { ids, rights, scope: work });
      const sees = seesWith(rights, 'servers:read');
      return placementOf(
        known.filter(({ serverId }) => sees?.(serverId) ?? true),
        memoryBytes ?? 0,
      );
    },
  }),
);

import * as z from 'zod';
import { BulkError, shownError } from '../bulk/result-type.ts';
import { inBulk } from '../bulk/service.ts';
import { builder } from '../builder.ts';
import { requirePerson } from '../context.ts';
import { chosenServers, paceFields, selectionFields } from '../fleet/many-type.ts';
import { each } from '../graphql/access.ts';
import { askerOf, heldOf } from '../graphql/held.ts';
import { requireOn } from '../graphql/refusals.ts';
import { renewed } from '../graphql/renewal.ts';
import { JobPayload } from '../jobs/job-type.ts';
import { ServerType } from '../servers/server-type.ts';
import { mayTake, pullField, stackName, StackFilesInput, timeoutField, version } from './fields.ts';
import { StackPlanType } from './plan-type.ts';
import type { StackPlan } from './service.ts';

/** Servers that are asked at once: Compose reads the files on each. */
const atOnce = 16;
/** The slowest Compose has as long; what is not told by then is no plan. Milliseconds. */
const deadlineMs = 100_000;

interface ServerPlan {
  readonly serverId: string;
  readonly plan: StackPlan | null;
  readonly error: unknown;
}

const FleetStackPlan = builder.objectRef<ServerPlan>('FleetStackPlan').implement({
  access: 'servers:read',
  on: ({ serverId }) => serverId,
  description: 'What deploying to many servers would do on one of them.',
  fields: (t) => ({
    error: t.field({
      type: BulkError,
      nullable: true,
      description: 'Why that cannot be told; a deployment would most likely fail there in the same way.',
      resolve: ({ error }, _args, { log }) => shownError(error, log),
    }),
    plan: t.field({
      type: StackPlanType,
      nullable: true,
      description: 'What would be done; null where `error` says why not.',
      resolve: ({ plan }) => plan,
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

const PlanFleetDeploymentInput = builder.inputType('PlanFleetDeploymentInput', {
  fields: (t) => ({
    ...selectionFields(t),
    files: t.field({ type: StackFilesInput, required: true, description: 'What would be deployed.' }),
    name: t.string({ required: true, description: 'Of the stack, new or not.', validate: stackName }),
  }),
});

builder.queryField('planFleetDeployment', (t) =>
  t.field({
    type: [FleetStackPlan],
    access: 'docker:compose:write',
    on: each,
    perViewer: true,
    description:
      'What deploying these files to many servers would do on each of them, compared with what is there; nothing is changed. Asks the agents, some at once. Scope: docker:compose:write on each.',
    args: {
      input: t.arg({
        type: PlanFleetDeploymentInput,
        required: true,
        description: 'What would be deployed, and where.',
      }),
    },
    resolve: async (_root, { input: { name, files, ...selection } }, context) => {
      const field = 'query.planFleetDeployment';
      const plans = new Map<string, StackPlan>();
      const outcomes = await inBulk({
        targets: await chosenServers(selection, context, field),
        serverOf: (id) => id,
        signal: context.signal,
        overall: atOnce,
        // Each is a process that works: one that is slow is no reason to begin another.
        slowAfterMs: deadlineMs,
        deadlineMs,
        work: async (serverId) => {
          const now = await renewed(context);
          requireOn(now, { access: 'docker:compose:write', where: serverId }, field);
          const plan = await context.services.stacks.plan(serverId, name, files, {
            actor: askerOf(now.principal),
            heldScopes: heldOf(now, serverId, mayTake),
          });
          plans.set(serverId, plan);
        },
      });
      return outcomes.map(({ target, error }) => ({
        serverId: target,
        plan: error === null ? (plans.get(target) ?? null) : null,
        error,
      }));
    },
  }),
);

const StackBaseInput = builder.inputType('StackBase', {
  description: 'The newest version of a stack that was seen on a server.',
  fields: (t) => ({
    serverId: t.id({ required: true }),
    version: t.int({ required: true, description: 'As the plan told it.', validate: version }),
  }),
});

const DeployStackToManyInput = builder.inputType('DeployStackToManyInput', {
  fields: (t) => ({
    ...selectionFields(t),
    ...paceFields(t, { parallel: 1, onFailure: 'STOP' }),
    ...timeoutField(t),
    baseVersions: t.field({
      type: [StackBaseInput],
      required: true,
      defaultValue: [],
      description:
        'For servers that have the stack already: the version that was seen there. CONFLICT for a server where another was deployed meanwhile, or that has the stack and is not named here.',
      validate: z.array(z.unknown()).max(1_000),
    }),
    files: t.field({ type: StackFilesInput, required: true, description: 'What to deploy.' }),
    name: t.string({ required: true, description: 'Of the stack, new or not.', validate: stackName }),
    pull: t.boolean(pullField),
  }),
});

builder.mutationField('deployStackToMany', (t) =>
  t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: each,
    description:
      'Begins to deploy a stack to many servers, some at a time: one job, of which `targets` tells how each stands, with a job of its own for each (as deployStack begins it). It stands for the session or token that asks; once that ends, or may no more, nothing is begun on its behalf. Scope: docker:compose:write on each when its turn comes, and what deployStack takes besides.',
    args: { input: t.arg({ type: DeployStackToManyInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { name, files, pull, timeoutSeconds, parallel, onFailure, baseVersions, ...selection } = input;
      const serverIds = await chosenServers(selection, context, 'mutation.deployStackToMany');
      const { address } = context;
      const job = await context.services.fleet.start(
        {
          work: 'stack.deploy',
          parallel,
          onFailure,
          address,
          name,
          files: { compose: files.compose, env: files.env },
          pull,
          timeoutSeconds,
          baseVersions: Object.fromEntries(baseVersions.map((base) => [base.serverId, base.version])),
        },
        serverIds,
        { principal: requirePerson(context), address },
      );
      return { job };
    },
  }),
);

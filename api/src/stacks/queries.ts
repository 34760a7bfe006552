import { seesWith } from '../access/sees.ts';
import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { pageOf } from '../graphql/page.ts';
import { fewOf, searchText } from '../input-text.ts';
import { ServerType } from '../servers/server-type.ts';
import { UnansweredServer, unansweredOf } from '../servers/unanswered-type.ts';
import { mayTake, stackName, StackFilesInput } from './fields.ts';
import { StackPlanType } from './plan-type.ts';
import { askerOf, heldOf } from '../graphql/held.ts';
import { StackType } from './stack-type.ts';

builder.prismaObjectFields(ServerType, (t) => ({
  stack: t.field({
    type: StackType,
    nullable: true,
    access: 'docker:compose:read',
    on: ({ id }) => id,
    description: 'One stack by name; null when there is none.',
    args: { name: t.arg.string({ required: true, description: 'Its name.', validate: stackName }) },
    resolve: (server, { name }, { services, principal }) =>
      services.stacks.find(server.id, name, askerOf(principal)),
  }),
  stackPlan: t.field({
    type: StackPlanType,
    nullable: true,
    access: 'docker:compose:write',
    on: ({ id }) => id,
    description:
      'What deploying these files would do, compared with what is there; nothing is changed. Asks the agent.',
    args: {
      files: t.arg({ type: StackFilesInput, required: true, description: 'What would be deployed.' }),
      name: t.arg.string({ required: true, description: 'Of the stack, new or not.', validate: stackName }),
    },
    resolve: (server, { name, files }, context) =>
      context.services.stacks.plan(server.id, name, files, {
        actor: askerOf(context.principal),
        heldScopes: heldOf(context, server.id, mayTake),
      }),
  }),
  stacks: t.field({
    type: [StackType],
    nullable: true,
    access: 'docker:compose:read',
    on: ({ id }) => id,
    description:
      'Its stacks by name, those made elsewhere as well: live while online, what its containers told last otherwise; null when they were never seen.',
    resolve: (server, _args, { services, principal }) => services.stacks.list(server.id, askerOf(principal)),
  }),
}));

const FleetStackFilter = builder.inputType('FleetStackFilter', {
  description: 'Which stacks of the fleet. All that is given must hold.',
  fields: (t) => ({
    managed: t.boolean({ description: 'Those whose files the agent keeps, or those made elsewhere.' }),
    serverIds: t.idList({ description: 'On any of these servers, 1,000 at most.', validate: fewOf(1_000) }),
    text: t.string({
      description:
        'Words that are all found in the names of the stack and its services. At most 200 characters.',
      validate: searchText,
    }),
  }),
});

builder.queryField('stacks', (t) =>
  t.connection(
    {
      type: StackType,
      access: 'docker:compose:read',
      on: each,
      description:
        'Stacks of every server, by server and name. Asks all agents at once, 5 seconds at most; of those that do not answer it tells what was last seen, and `unanswered` names them. Scope: docker:compose:read.',
      args: { filter: t.arg({ type: FleetStackFilter, description: 'Only these.' }) },
      resolve: async (_root, { filter, ...page }, { services, log, principal }) => {
        const sees = seesWith(principal.rights, 'docker:compose:read');
        const asked = await services.stacks.fleet(filter?.serverIds ?? null, sees, askerOf(principal));
        const all = asked.flatMap(({ answer }) => answer ?? []);
        const words = (filter?.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
        const rows = all.filter(({ stack }) => {
          if (filter?.managed != null && filter.managed !== stack.managed) return false;
          const names = [stack.name, ...stack.services.map(({ name }) => name)].join('\n').toLowerCase();
          return words.every((word) => names.includes(word));
        });
        return {
          ...pageOf(rows, page, ({ serverId, stack }) => `${serverId}:${stack.name}`),
          unanswered: unansweredOf(asked, log),
        };
      },
    },
    {
      name: 'StackConnection',
      fields: (f) => ({
        totalCount: f.exposeInt('totalCount', { description: 'Those that fit, on all pages.' }),
        unanswered: f.expose('unanswered', {
          type: [UnansweredServer],
          description: 'Servers whose stacks are told here as they were last seen, or not at all.',
        }),
      }),
    },
    { name: 'StackEdge' },
  ),
);

import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { JobPayload } from '../jobs/job-type.ts';
import { ServerType } from '../servers/server-type.ts';
import { hostPath, mayTake, readerOf, stackName, targetFields, timeoutField } from './fields.ts';
import { stackTakeover } from './jobs.ts';
import { TakeOverStackDocument } from './operations.ts';
import type { StackSource } from './service.ts';
import { heldOf } from '../graphql/held.ts';
import { StackFilesType } from './stack-type.ts';

const pathText =
  'Absolute, of a Compose file or the folder it is in, on the server. None for where Compose noted it when it made the containers.';

const StackSourceType = builder.objectRef<StackSource>('StackSource').implement({
  access: 'docker:compose:write',
  on: ({ serverId }) => serverId,
  description: 'Files of a stack that ServerKit did not put on the server.',
  fields: (t) => ({
    file: t.exposeString('file', { description: 'The name of its Compose file.' }),
    files: t.field({
      type: StackFilesType,
      description: 'What stands there.',
      resolve: ({ files }) => files,
    }),
    folder: t.exposeString('folder', { description: 'Where they are, with symbolic links resolved.' }),
  }),
});

builder.prismaObjectFields(ServerType, (t) => ({
  stackSource: t.field({
    type: StackSourceType,
    nullable: true,
    access: 'docker:compose:write',
    perViewer: true,
    on: ({ id }) => id,
    description:
      'The files of a stack that was made elsewhere, or of one to be made from files that lie on the server: what takeOverStack would take over. Asks the agent. Over HTTP only; asking is audited. Scope: docker:compose:write, and docker:containers:privileged as well.',
    args: {
      name: t.arg.string({ required: true, description: 'Of the stack, new or not.', validate: stackName }),
      path: t.arg.string({ description: pathText, validate: hostPath }),
    },
    resolve: (server, { name, path }, context) =>
      context.services.stacks.source(
        { serverId: server.id, name, path: path ?? null },
        readerOf(context),
        heldOf(context, server.id, mayTake),
      ),
  }),
}));

const TakeOverStackInput = builder.inputType('TakeOverStackInput', {
  fields: (t) => ({
    ...targetFields(t),
    ...timeoutField(t),
    path: t.string({ description: pathText, validate: hostPath }),
  }),
});

builder.mutationField('takeOverStack', (t) =>
  t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to keep versions of a stack whose files stay where they are: of one that was made elsewhere, whose containers are left alone, or of one that is deployed from files that lie on the server. Scope: docker:compose:write, and docker:containers:privileged as well; docker:images:write where it has images built.',
    args: { input: t.arg({ type: TakeOverStackInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { serverId, name, timeoutSeconds, path = null } = input;
      const job = await context.services.jobs.start(stackTakeover, {
        serverId,
        target: { kind: 'stack', id: name },
        parameters: path === null ? {} : { path },
        actor: actorOf(context),
        heldScopes: heldOf(context, serverId, mayTake),
        document: TakeOverStackDocument,
        variables: (jobId) => ({ jobId, name, path, timeoutSeconds }),
      });
      return { job };
    },
  }),
);

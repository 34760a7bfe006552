import { builder } from '../../builder.ts';
import { isPerson, type RequestContext } from '../../context.ts';
import { ServerType } from '../../servers/server-type.ts';
import { ContainerType } from '../types.ts';
import { FileChangesType, ProcessTableType, PrunableContainer } from './result-types.ts';

function actorId({ principal }: RequestContext): string {
  return isPerson(principal) ? principal.user.id : 'system';
}

builder.objectFields(ContainerType, (t) => ({
  fileChanges: t.field({
    type: FileChangesType,
    nullable: true,
    description: 'How its files differ from those of its image; asks the agent.',
    resolve: ({ serverId, container }, _args, context) =>
      context.services.containers.work.fileChanges(serverId, container.id, actorId(context)),
  }),
  processes: t.field({
    type: ProcessTableType,
    nullable: true,
    description: 'What runs in it; asks the agent. CONFLICT when it does not run.',
    resolve: ({ serverId, container }, _args, context) =>
      context.services.containers.work.processes(serverId, container.id, actorId(context)),
  }),
}));

builder.prismaObjectFields(ServerType, (t) => ({
  containerPrunePreview: t.field({
    type: [PrunableContainer],
    nullable: true,
    access: 'docker:containers:read',
    on: ({ id }) => id,
    description: 'The containers that do not run, with what removing them frees; asks the agent.',
    resolve: ({ id }, _args, context) => context.services.containers.work.prunePreview(id, actorId(context)),
  }),
}));

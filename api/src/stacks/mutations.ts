import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { askerOf, heldOf } from '../graphql/held.ts';
import { JobPayload } from '../jobs/job-type.ts';
import { deploy } from './deployment.ts';
import { commonFields, mayTake, pullField, StackFilesInput, version } from './fields.ts';
import { stackRestore } from './jobs.ts';
import { RestoreStackDocument } from './operations.ts';
import { stackAuths } from './pull-auths.ts';
import { stackSecrets } from './secrets.ts';

const DeployStackInput = builder.inputType('DeployStackInput', {
  fields: (t) => ({
    ...commonFields(t),
    files: t.field({ type: StackFilesInput, required: true, description: 'What to deploy.' }),
    pull: t.boolean(pullField),
  }),
});

const RestoreStackInput = builder.inputType('RestoreStackInput', {
  fields: (t) => ({
    ...commonFields(t),
    version: t.int({ required: true, description: 'To go back to.', validate: version }),
  }),
});

builder.mutationFields((t) => ({
  deployStack: t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to deploy a stack; when it does not come up, what ran before runs again. Scope: docker:compose:write; docker:containers:privileged as well for what reaches beyond its containers, docker:images:write where images are pulled for it or built, and secrets:use for one that refers to secrets.',
    args: { input: t.arg({ type: DeployStackInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const baseVersion = input.baseVersion ?? null;
      return { job: await deploy(context, { ...input, baseVersion }) };
    },
  }),
  restoreStack: t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to deploy a version of a stack again, with the images that it ran then. Scope: docker:compose:write, and what deployStack takes besides.',
    args: { input: t.arg({ type: RestoreStackInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { serverId, name, timeoutSeconds: patience } = input;
      const baseVersion = input.baseVersion ?? null;
      return {
        job: await context.services.jobs.start(stackRestore, {
          serverId,
          target: { kind: 'stack', id: name },
          parameters: { version: input.version, baseVersion },
          actor: actorOf(context),
          heldScopes: heldOf(context, serverId, mayTake),
          document: RestoreStackDocument,
          variables: async (jobId) => ({
            jobId,
            name,
            version: input.version,
            baseVersion,
            timeoutSeconds: patience,
            auths: await stackAuths(context, stackRestore, serverId, async () => {
              const versions = await context.services.stacks.versions(
                serverId,
                name,
                askerOf(context.principal),
              );
              const wanted = versions.find(({ number }) => number === input.version);
              return wanted?.services.flatMap(({ digests }) => digests) ?? [];
            }),
            secrets: await stackSecrets(context, stackRestore, { serverId, name, version: input.version }),
          }),
        }),
      };
    },
  }),
}));

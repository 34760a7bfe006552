import { referencesOf, secretNames } from '@serverkit/wire/secret-references.ts';
import * as z from 'zod';
import { actorOf } from '../../audit/actor.ts';
import type { RequestContext } from '../../context.ts';
import type { JobKind } from '../../jobs/service.ts';
import type { RegistryAuth } from '../../registries/service.ts';
import { builder } from '../../builder.ts';
import { JobPayload } from '../../jobs/job-type.ts';
import { targetFields } from '../container-payload.ts';
import { requireOn } from '../../graphql/refusals.ts';
import { heldOf } from '../../graphql/held.ts';
import { handedSecrets, requireSecretUse } from '../../secrets/handed.ts';
import { secretsAgain, targeted } from './asking.ts';
import { containerCreate, containerRecreate } from './jobs.ts';
import { CreateContainerDocument, CreateContainerLikeDocument } from './operations.ts';
import { recreation } from './recreation.ts';
import { checkSpec } from './spec.ts';
import { ContainerSpecInput } from './spec-type.ts';

const ImagePullPolicy = builder.enumType('ImagePullPolicy', {
  description:
    'When the image of a container is pulled before it is made. Takes docker:images:write besides.',
  values: {
    ALWAYS: { description: 'Always, so that it is the newest.' },
    MISSING: { description: 'When the server has none of this name.' },
    NEVER: { description: 'Never.' },
  } as const,
});

const KeepVariablesInput = builder.inputType('KeepVariablesInput', {
  description:
    'Environment variables of a container on the same server for another one, for those who do not see their values. The values stay on the server. Takes docker:containers:exec besides.',
  fields: (t) => ({
    containerId: t.id({ required: true, description: 'The container that has them, by its id.' }),
    names: t.stringList({
      required: true,
      description: 'The variables, 1 to 1,000. One that came from a secret is not among them.',
      validate: z.array(z.string().min(1).max(1_024)).min(1).max(1_000),
    }),
  }),
});

const CreateContainerInput = builder.inputType('CreateContainerInput', {
  fields: (t) => ({
    keep: t.field({
      type: KeepVariablesInput,
      description: 'Variables that it has besides, with the values that they have in another container.',
    }),
    pull: t.field({
      type: ImagePullPolicy,
      required: true,
      defaultValue: 'MISSING',
      description: 'When its image is pulled.',
    }),
    serverId: t.id({ required: true }),
    spec: t.field({ type: ContainerSpecInput, required: true, description: 'What to make.' }),
    start: t.boolean({ required: true, defaultValue: true, description: 'Whether it is started.' }),
  }),
});

const RecreateContainerInput = builder.inputType('RecreateContainerInput', {
  fields: (t) => ({
    ...targetFields(t),
    healthTimeoutSeconds: t.int({
      required: true,
      defaultValue: 120,
      description: 'How long the new one may take to become healthy; 3,600 at most.',
      validate: z.number().int().min(1).max(3_600),
    }),
    image: t.string({
      description:
        'Another release of its image, or another image, which takes docker:containers:exec; the name it was made of when absent.',
      validate: z.string().regex(/^[\w./:@[\]-]{1,400}$/, 'must be the name of an image'),
    }),
    pull: t.field({
      type: ImagePullPolicy,
      required: true,
      defaultValue: 'ALWAYS',
      description: 'When its image is pulled.',
    }),
  }),
});

/** What the agent may find out that it needs: it judges all of what is asked for. */
const perhaps = ['docker:containers:privileged', 'docker:images:write'] as const;

/** The credentials to pull an image with for a container; null when it is not pulled, or not for this asker or server. */
async function pullAuth(
  context: RequestContext,
  { name: purpose }: JobKind,
  {
    serverId,
    image,
    pull,
  }: { readonly serverId: string; readonly image: string | null; readonly pull: string },
): Promise<RegistryAuth | null> {
  const { services } = context;
  const may =
    heldOf(context, serverId, ['docker:images:write']).length > 0 &&
    services.agents.links.get(serverId)?.scopes.has('docker:images:write');
  if (image === null || pull === 'NEVER' || !may) return null;
  return services.registries.authFor(image, { serverId, actor: actorOf(context), purpose });
}

builder.mutationFields((t) => ({
  createContainer: t.field({
    type: JobPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to make a container; its image is pulled first where it is not there. Whether it may be made is judged before anything is pulled. Scope: docker:containers:write; secrets:use as well for secrets, docker:containers:exec as well for variables kept of another container.',
    args: { input: t.arg({ type: CreateContainerInput, required: true }) },
    resolve: async (_root, { input: { serverId, spec, start, pull, keep } }, context) => {
      checkSpec(spec, 'input.spec');
      const names = secretNames(referencesOf(spec));
      requireSecretUse(context, names, { serverId, action: 'mutation.createContainer' });
      if (keep) {
        requireOn(context, { access: 'docker:containers:exec', where: serverId }, 'mutation.createContainer');
      }
      const kept = keep && {
        keptFrom: context.services.containers.target(serverId, keep.containerId).id,
        keptVariables: keep.names,
      };
      const job = await context.services.jobs.start(containerCreate, {
        serverId,
        target: { kind: 'container', id: spec.name ?? spec.image, name: spec.name ?? spec.image },
        parameters: {
          image: spec.image,
          start,
          pull,
          ...(names.length > 0 && { references: names }),
          ...kept,
        },
        actor: actorOf(context),
        heldScopes: heldOf(context, serverId, kept ? [...perhaps, 'docker:containers:exec'] : perhaps),
        document: kept ? CreateContainerLikeDocument : CreateContainerDocument,
        variables: async (jobId) => ({
          ...kept,
          jobId,
          spec,
          start,
          pull,
          auth: await pullAuth(context, containerCreate, { serverId, image: spec.image, pull }),
          secrets: await handedSecrets(context, names, { serverId, purpose: containerCreate.name }),
        }),
      });
      return { job };
    },
  }),
  recreateContainer: t.field({
    type: JobPayload,
    access: 'docker:containers:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to put a new container in the place of one, with the same settings and a newer image; what came with the old image follows the new one. The old one is put back unless the new one becomes healthy. Secrets that it was given it gets with their values of now. Scope: docker:containers:write; docker:containers:exec as well for an image of another name, or one that was not pulled under its name, which would run with its variables and files; secrets:use as well for one with secrets.',
    args: { input: t.arg({ type: RecreateContainerInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { serverId, image, pull, healthTimeoutSeconds } = input;
      const { id, name, image: known } = targeted(context, input);
      const job = await context.services.jobs.start(containerRecreate, {
        serverId,
        target: { kind: 'container', id, name },
        parameters: { pull, healthTimeoutSeconds, ...(image && { image }) },
        actor: actorOf(context),
        heldScopes: heldOf(context, serverId, [...perhaps, 'docker:containers:exec']),
        ...recreation(
          { id, image: image ?? null, pull, healthTimeoutSeconds },
          {
            auth: () => pullAuth(context, containerRecreate, { serverId, image: image ?? known, pull }),
            secrets: () => secretsAgain(context, { serverId, id }, 'container.recreate'),
          },
        ),
      });
      return { job };
    },
  }),
}));

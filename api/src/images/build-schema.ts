import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { requirePerson } from '../context.ts';
import { TransferPayload } from '../docker-files/transfer-type.ts';
import { JobPayload } from '../jobs/job-type.ts';
import { keptOf, targetOf } from './builds.ts';
import { imageReference } from './fields.ts';
import { imageBuild, imagePush } from './jobs.ts';
import { BuildImageDocument, PushImageDocument } from './operations.ts';
import { buildPath } from './room.ts';

const PushImageInput = builder.inputType('PushImageInput', {
  fields: (t) => ({
    reference: t.string({
      required: true,
      description:
        'One of the names that the image has there, which says where it goes: registry.example.com/team/web:2.',
      validate: imageReference,
    }),
    serverId: t.id({ required: true }),
  }),
});

/** What a shell takes for the name of a variable. */
const argumentName = z.string().regex(/^[A-Za-z_]\w{0,127}$/, 'must be letters, digits and underscores');

const BuildArgumentInput = builder.inputType('BuildImageArgument', {
  description:
    'A value for an ARG of a Dockerfile. It stays readable in the history of the image: no place for secrets.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the ARG.', validate: argumentName }),
    value: t.string({ required: true, description: 'Its value.', validate: z.string().max(4096) }),
  }),
});

const argumentsField = {
  required: true,
  description: 'Values for its ARGs.',
  validate: z.array(z.unknown()).max(100),
} as const;

const noCacheField = {
  required: true,
  defaultValue: false,
  description: 'Use nothing built before.',
} as const;

const pullField = {
  required: true,
  defaultValue: false,
  description: 'Look for newer images that it builds on.',
} as const;

const tagField = { required: true, description: 'The name that it gets.', validate: imageReference } as const;

const BuildImageInput = builder.inputType('BuildImageInput', {
  fields: (t) => ({
    arguments: t.field({ type: [BuildArgumentInput], defaultValue: [], ...argumentsField }),
    dockerfile: t.string({
      required: true,
      description:
        'The text of the Dockerfile. There are no other files to COPY from; `startImageBuild` takes an archive of them.',
      validate: z
        .string()
        .min(1, 'must not be empty')
        .max(256 * 1024),
    }),
    noCache: t.boolean(noCacheField),
    pull: t.boolean(pullField),
    serverId: t.id({ required: true }),
    tag: t.string(tagField),
  }),
});

/** The agent reads it and says what else is wrong with it. */
const pathInArchive = z.string().min(1, 'must not be empty').max(4_095, 'must have at most 4,095 characters');

const StartImageBuildInput = builder.inputType('StartImageBuildInput', {
  fields: (t) => ({
    arguments: t.field({ type: [BuildArgumentInput], defaultValue: [], ...argumentsField }),
    dockerfilePath: t.string({
      required: true,
      defaultValue: 'Dockerfile',
      description: 'Where the Dockerfile is in the archive.',
      validate: pathInArchive,
    }),
    noCache: t.boolean(noCacheField),
    pull: t.boolean(pullField),
    serverId: t.id({ required: true }),
    sizeBytes: t.field({
      type: 'SafeInt',
      required: true,
      description:
        "How many bytes the archive has. At most what the server's agent is configured to take, 4 GB by itself.",
      validate: z.number().int().min(1, 'must not be empty'),
    }),
    tag: t.string(tagField),
  }),
});

builder.mutationFields((t) => ({
  buildImage: t.field({
    type: JobPayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to build an image on a server from the text of a Dockerfile; what the build says are the lines of the job. Its instructions fetch addresses over the network of the host, those that only the host reaches included. Scope: docker:images:write.',
    args: { input: t.arg({ type: BuildImageInput, required: true }) },
    resolve: async (_root, { input: { serverId, ...options } }, context) => ({
      job: await context.services.jobs.start(imageBuild, {
        serverId,
        target: targetOf(options),
        parameters: keptOf(options),
        actor: actorOf(context),
        document: BuildImageDocument,
        variables: (jobId) => ({ jobId, ...options }),
      }),
    }),
  }),
  startImageBuild: t.field({
    type: TransferPayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Allows an image to be built on a server from a tar archive, plain or compressed with gzip: PUT its bytes to `url` within a minute. Once all of it is there a job begins as for `buildImage`, and the answer is {"jobId": …}. The archive goes when Docker has it, or the build is over. CONFLICT where the disk has no room for it; INPUT_INVALID for what is no archive, or larger than the server takes. Scope: docker:images:write.',
    args: { input: t.arg({ type: StartImageBuildInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      ...(await context.services.imageBuilds.offer(
        { request: input, principal: requirePerson(context), actor: actorOf(context) },
        context.signal,
      )),
      path: buildPath,
    }),
  }),
  pushImage: t.field({
    type: JobPayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to push an image from a server to its registry, with the credentials for it if there are any. Scope: docker:images:write.',
    args: { input: t.arg({ type: PushImageInput, required: true }) },
    resolve: async (_root, { input: { serverId, reference } }, context) => {
      const { services } = context;
      const actor = actorOf(context);
      const job = await services.jobs.start(imagePush, {
        serverId,
        target: { kind: 'image', id: reference },
        actor,
        document: PushImageDocument,
        variables: async (jobId) => ({
          jobId,
          reference,
          auth: await services.registries.authFor(reference, { serverId, actor, purpose: imagePush.name }),
        }),
      });
      return { job };
    },
  }),
}));

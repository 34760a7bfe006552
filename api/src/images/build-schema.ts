import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { JobPayload } from '../jobs/job-type.ts';
import { imageReference } from './fields.ts';
import { imageBuild, imagePush } from './jobs.ts';
import { BuildImageDocument, PushImageDocument } from './operations.ts';

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

const BuildImageInput = builder.inputType('BuildImageInput', {
  fields: (t) => ({
    arguments: t.field({
      type: [BuildArgumentInput],
      required: true,
      defaultValue: [],
      description: 'Values for its ARGs.',
      validate: z.array(z.unknown()).max(100),
    }),
    dockerfile: t.string({
      required: true,
      description: 'The text of the Dockerfile. There are no other files to COPY from.',
      validate: z
        .string()
        .min(1, 'must not be empty')
        .max(256 * 1024),
    }),
    noCache: t.boolean({ required: true, defaultValue: false, description: 'Use nothing built before.' }),
    pull: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Look for newer images that it builds on.',
    }),
    serverId: t.id({ required: true }),
    tag: t.string({ required: true, description: 'The name that it gets.', validate: imageReference }),
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
        target: { kind: 'image', id: options.tag },
        parameters: {
          arguments: options.arguments.map(({ name }) => name),
          noCache: options.noCache,
          pull: options.pull,
        },
        actor: actorOf(context),
        document: BuildImageDocument,
        variables: (jobId) => ({ jobId, ...options }),
      }),
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

import { builder } from '../builder.ts';
import { looksSecret } from '../docker/labels.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { JobType } from '../jobs/job-type.ts';
import { scoped } from '../scoped.ts';
import { buildImage } from './build.ts';
import { checkReference, RegistryAuthInput } from './pull-schema.ts';
import { pushImage } from './push.ts';

/** More than anybody writes by hand. Characters. */
const MAX_DOCKERFILE = 256 * 1024;
const MAX_ARGUMENTS = 100;

builder.mutationField('pushImage', (t) =>
  t.field({
    ...scoped('docker:images:write'),
    description: 'Begins to push an image under one of its tags. Result: {digest}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      reference: t.arg.string({ required: true, description: 'The tag is latest when it names none.' }),
      auth: t.arg({ type: RegistryAuthInput }),
    },
    resolve(_root, { jobId, reference, auth }, { services, actor, signal }) {
      services.policy.requireFeature('docker');
      checkReference(reference);
      if (reference.includes('@')) throw new AgentError('INPUT_INVALID', 'An image is pushed under a tag.');
      throwIfAborted(signal);
      return services.jobs.start({
        id: jobId,
        kind: 'image.push',
        target: reference,
        scope: 'docker:images:write',
        actor,
        secrets: auth ? [auth.password] : [],
        run: (job) => pushImage(services.docker.engine, { reference, auths: auth ? [auth] : [] }, job),
      });
    },
  }),
);

const BuildArgument = builder.inputType('BuildArgument', {
  fields: (t) => ({ name: t.string({ required: true }), value: t.string({ required: true }) }),
});

builder.mutationField('buildImage', (t) =>
  t.field({
    ...scoped('docker:images:write'),
    description: 'Begins to build an image from the text of a Dockerfile. Result: {id, tag}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      dockerfile: t.arg.string({ required: true }),
      tag: t.arg.string({ required: true }),
      arguments: t.arg({ type: [BuildArgument], required: true }),
      pull: t.arg.boolean({ required: true, description: 'Look for newer images that it builds on.' }),
      noCache: t.arg.boolean({ required: true, description: 'Use nothing that was built before.' }),
    },
    resolve(_root, { jobId, ...options }, { services, actor, signal }) {
      services.policy.requireFeature('docker');
      checkReference(options.tag);
      if (options.dockerfile.length > MAX_DOCKERFILE || options.arguments.length > MAX_ARGUMENTS) {
        throw new AgentError('INPUT_INVALID', 'The Dockerfile is too long, or has too many arguments.');
      }
      throwIfAborted(signal);
      return services.jobs.start({
        id: jobId,
        kind: 'image.build',
        target: options.tag,
        scope: 'docker:images:write',
        actor,
        secrets: options.arguments.filter(({ name }) => looksSecret.test(name)).map(({ value }) => value),
        run: (job) => buildImage(services.docker.engine, options, job),
      });
    },
  }),
);

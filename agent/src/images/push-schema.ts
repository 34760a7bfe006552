import { builder } from '../builder.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { JobType } from '../jobs/job-type.ts';
import { scoped } from '../scoped.ts';
import { checkReference, RegistryAuthInput } from './pull-schema.ts';
import { pushImage } from './push.ts';

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

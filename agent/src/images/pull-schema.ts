import { builder } from '../builder.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { JobType } from '../jobs/job-type.ts';
import { scoped } from '../scoped.ts';
import { pullImage } from './pull.ts';

export const RegistryAuthInput = builder.inputType('RegistryAuthInput', {
  description: "A registry's credentials, used for this operation and kept nowhere.",
  fields: (t) => ({
    username: t.string({ required: true }),
    password: t.string({ required: true }),
    serverAddress: t.string({ required: true, description: 'Host, with the port where it has one.' }),
  }),
});

/** Any reference of the distribution specification, and nothing that would be read as an option or another path. */
const referenceShape = /^[a-z0-9][a-zA-Z0-9._:/@-]{0,511}$/i;

/** @throws AgentError INPUT_INVALID */
export function checkReference(reference: string): void {
  if (!referenceShape.test(reference) || reference.includes('..')) {
    throw new AgentError('INPUT_INVALID', 'This is not the reference of an image.');
  }
}

builder.mutationField('pullImage', (t) =>
  t.field({
    ...scoped('docker:images:write'),
    description: 'Begins to pull an image. Result: {id, digests}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      reference: t.arg.string({ required: true, description: 'The tag is latest when it names none.' }),
      platform: t.arg.string({ description: 'Such as linux/arm64; the one of the host when null.' }),
      auth: t.arg({ type: RegistryAuthInput }),
    },
    resolve(_root, { jobId, reference, platform, auth }, { services, actor, signal }) {
      services.policy.requireFeature('docker');
      checkReference(reference);
      throwIfAborted(signal);
      return services.jobs.start({
        id: jobId,
        kind: 'image.pull',
        target: reference,
        scope: 'docker:images:write',
        actor,
        secrets: auth ? [auth.password] : [],
        run: (job) =>
          pullImage(
            services.docker.engine,
            { reference, platform: platform ?? null, auths: auth ? [auth] : [] },
            job,
          ),
      });
    },
  }),
);

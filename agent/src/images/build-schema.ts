import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import type { BuildContexts } from '../docker-files/service.ts';
import { looksSecret } from '../docker/labels.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { JobType } from '../jobs/job-type.ts';
import type { JobStart } from '../jobs/job.ts';
import { passing, scoped } from '../scoped.ts';
import { buildImage, type BuildOptions } from './build.ts';
import { requireTar } from './context-archive.ts';
import { checkReference } from './pull-schema.ts';

/** More than anybody writes by hand. Characters. */
const MAX_DOCKERFILE = 256 * 1024;
const MAX_ARGUMENTS = 100;
/** A piece is this long at most. Characters of base64. */
const MAX_PIECE = 1024 * 1024;
/** PATH_MAX of Linux. Bytes. */
const MAX_PATH = 4095;
const sha256Hex = /^[0-9a-f]{64}$/;

const BuildArgument = builder.inputType('BuildArgument', {
  fields: (t) => ({ name: t.string({ required: true }), value: t.string({ required: true }) }),
});

type Build = Omit<BuildOptions, 'context'>;

/** The job of a build, but for what it builds from. @throws AgentError INPUT_INVALID */
function jobOf(jobId: string, options: Build, actor: string): Omit<JobStart, 'run'> {
  checkReference(options.tag);
  if (options.dockerfile.length > MAX_DOCKERFILE || options.arguments.length > MAX_ARGUMENTS) {
    throw new AgentError('INPUT_INVALID', 'The Dockerfile is too long, or has too many arguments.');
  }
  return {
    id: jobId,
    kind: 'image.build',
    target: options.tag,
    scope: 'docker:images:write',
    actor,
    secrets: options.arguments.filter(({ name }) => looksSecret.test(name)).map(({ value }) => value),
  };
}

/** Of a job that there is already, and whose work is not begun again. */
const asked = (): Promise<never> =>
  Promise.reject(new AgentError('CONFLICT', 'This build was asked for already.'));

/** @throws AgentError INPUT_INVALID for what is no place in an archive */
function checkDockerfilePath(path: string): void {
  const names = path.split('/');
  const odd = path === '' || path.includes('\0') || names.includes('..') || names[0] === '';
  if (odd || !path.isWellFormed() || Buffer.byteLength(path) > MAX_PATH) {
    throw new AgentError('INPUT_INVALID', 'dockerfile must be a path in the archive, without "..".');
  }
}

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
      const start = jobOf(jobId, options, actor);
      throwIfAborted(signal);
      return services.jobs.start({
        ...start,
        run: (job) => buildImage(services.docker.engine, options, job),
      });
    },
  }),
);

const ContextUpload = builder.objectRef<{ readonly id: string }>('BuildContextUpload').implement({
  fields: (t) => ({ id: t.exposeID('id') }),
});

/** Archives on their way, which are only good for building. @throws AgentError POLICY_DENIED where Docker is switched off */
function contexts({ services: { policy, dockerFiles } }: OperationContext): Promise<BuildContexts> {
  policy.requireFeature('docker');
  return dockerFiles.buildContexts();
}

builder.mutationFields((t) => ({
  openBuildContext: t.field({
    ...scoped('docker:images:write'),
    description:
      'Begins to wait for the pieces of a tar archive to build from. One of which nothing comes for a minute is given up.',
    type: ContextUpload,
    args: {
      id: t.arg.id({
        required: true,
        description: 'What it is to be called: new, 8 to 64 letters or digits.',
      }),
      sizeBytes: t.arg({ type: 'SafeInt', required: true }),
    },
    async resolve(_root, order, context) {
      const intake = await contexts(context);
      throwIfAborted(context.signal);
      await intake.open({ ...order, actor: context.actor }, null, () => Promise.resolve(true));
      return { id: order.id };
    },
  }),
  writeBuildContext: t.field({
    ...passing('docker:images:write'),
    description: `What comes next of an archive. At most ${MAX_PIECE} characters.`,
    type: ContextUpload,
    args: {
      id: t.arg.id({ required: true }),
      offset: t.arg({ type: 'SafeInt', required: true, description: 'How many bytes came before.' }),
      data: t.arg.string({ required: true, description: 'Base64.' }),
    },
    async resolve(_root, { id, offset, data }, context) {
      const intake = await contexts(context);
      if (data.length > MAX_PIECE) throw new AgentError('INPUT_INVALID', 'This piece is too long.');
      await intake.write(id, offset, Buffer.from(data, 'base64'));
      return { id };
    },
  }),
  abortBuildContext: t.field({
    ...scoped('docker:images:write'),
    description: 'Gives up an archive on its way; one that is over, or is being built from, is left alone.',
    type: ContextUpload,
    args: { id: t.arg.id({ required: true }) },
    async resolve(_root, { id }, context) {
      await (await contexts(context)).abort(id);
      return { id };
    },
  }),
  buildImageFromContext: t.field({
    ...scoped('docker:images:write'),
    description:
      'Begins to build an image from an archive that came whole, which is removed as soon as Docker has it. Result: {id, tag}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      contextId: t.arg.id({ required: true }),
      sha256: t.arg.string({ required: true, description: 'Of all of the archive, in hex.' }),
      dockerfile: t.arg.string({ required: true, description: 'Where it is in the archive.' }),
      tag: t.arg.string({ required: true }),
      arguments: t.arg({ type: [BuildArgument], required: true }),
      pull: t.arg.boolean({ required: true, description: 'Look for newer images that it builds on.' }),
      noCache: t.arg.boolean({ required: true, description: 'Use nothing that was built before.' }),
    },
    async resolve(_root, { jobId, contextId, sha256, ...options }, context) {
      const { services, actor, signal } = context;
      const intake = await contexts(context);
      const start = jobOf(jobId, options, actor);
      if (!sha256Hex.test(sha256)) throw new AgentError('INPUT_INVALID', 'sha256 must be 64 hex digits.');
      checkDockerfilePath(options.dockerfile);
      // Asked for again, it has its archive already.
      if (services.jobs.get(jobId)) return services.jobs.start({ ...start, run: asked });
      const archive = await intake.take(contextId, sha256);
      try {
        await requireTar(() => archive.read());
        throwIfAborted(signal);
        return services.jobs.start({
          ...start,
          run: (job) => buildImage(services.docker.engine, { ...options, context: archive }, job),
        });
      } catch (error) {
        await archive[Symbol.asyncDispose]();
        throw error;
      }
    },
  }),
}));

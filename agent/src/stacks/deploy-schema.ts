import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { JobType } from '../jobs/job-type.ts';
import type { Job, JobHandle, JobResult } from '../jobs/job.ts';
import { scoped } from '../scoped.ts';
import type { DeployOptions } from './deploy.ts';
import { checkStackName } from './names.ts';
import { StackFilesInput } from './stack-type.ts';

/** Longer than any sane start. Seconds. */
const MAX_PATIENCE = 3600;

/** What every deployment is told, beside what it deploys. */
type Common = Omit<DeployOptions, 'restores' | 'files' | 'pull'>;

interface Wanted {
  readonly jobId: string;
  readonly name: string;
  readonly baseVersion?: number | null | undefined;
  readonly timeoutSeconds: number;
}

function begin(
  kind: string,
  { jobId, name, baseVersion, timeoutSeconds }: Wanted,
  context: OperationContext,
  {
    secrets,
    run,
  }: {
    readonly secrets: readonly string[];
    readonly run: (options: Common, job: JobHandle) => Promise<JobResult>;
  },
): Job {
  const { services, actor, scopes, signal } = context;
  services.policy.requireFeature('docker');
  checkStackName(name);
  if (timeoutSeconds < 1 || timeoutSeconds > MAX_PATIENCE) {
    throw new AgentError('INPUT_INVALID', `timeoutSeconds must be between 1 and ${MAX_PATIENCE}.`);
  }
  throwIfAborted(signal);
  const options: Common = {
    name,
    baseVersion: baseVersion ?? null,
    timeoutMs: timeoutSeconds * 1000,
    actor,
    authority: { scopes, deniesPath: (path) => services.policy.deniesPath(path) },
  };
  const scope = 'docker:compose:write';
  return services.jobs.start({
    id: jobId,
    kind,
    target: name,
    scope,
    actor,
    secrets,
    run: (job) => run(options, job),
  });
}

/** Values of an env file: programs quote them when they complain. */
function valuesOf(env: string): string[] {
  return env.split('\n').flatMap((line) => {
    const value = line.trim().startsWith('#') ? '' : line.slice(line.indexOf('=') + 1).trim();
    return value === '' ? [] : [value, value.replace(/^(["'])(.*)\1$/, '$2')];
  });
}

const base =
  'The version that whoever asks has seen; null for a new stack. CONFLICT when there is another meanwhile.';

builder.mutationField('deployStack', (t) =>
  t.field({
    ...scoped('docker:compose:write'),
    description:
      'Begins to deploy a stack. When it does not come up, what ran before runs again. What reaches beyond its containers takes docker:containers:privileged as well, and building images docker:images:write. Result: {version}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      name: t.arg.string({ required: true }),
      files: t.arg({ type: StackFilesInput, required: true }),
      baseVersion: t.arg.int({ description: base }),
      pull: t.arg.boolean({ required: true, description: 'Every image, not only those that are missing.' }),
      timeoutSeconds: t.arg.int({ required: true, description: 'For all of it to be up.' }),
    },
    resolve: (_root, { files, pull, ...wanted }, context) =>
      begin('stack.deploy', wanted, context, {
        secrets: valuesOf(files.env),
        run: (options, job) => context.services.stacks.deploy({ ...options, files, pull }, job),
      }),
  }),
);

builder.mutationField('restoreStack', (t) =>
  t.field({
    ...scoped('docker:compose:write'),
    description:
      'Begins to deploy a version again, with the images that it ran then. Otherwise as deployStack. Result: {version}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      name: t.arg.string({ required: true }),
      version: t.arg.int({ required: true }),
      baseVersion: t.arg.int({ description: base }),
      timeoutSeconds: t.arg.int({ required: true, description: 'For all of it to be up.' }),
    },
    resolve(_root, { version, ...wanted }, context) {
      checkStackName(wanted.name);
      const { files } = context.services.stacks.version(wanted.name, version);
      return begin('stack.restore', wanted, context, {
        secrets: valuesOf(files.env),
        run: (options, job) => context.services.stacks.restore(version, options, job),
      });
    },
  }),
);

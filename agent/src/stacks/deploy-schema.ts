import { builder } from '../builder.ts';
import type { GivenSecret } from '../containers/secrets.ts';
import { SecretValueInput } from '../containers/spec-type.ts';
import type { RegistryAuth } from '../images/pull.ts';
import { RegistryAuthInput } from '../images/pull-schema.ts';
import type { OperationContext } from '../context.ts';
import { JobType } from '../jobs/job-type.ts';
import type { Job, JobHandle, JobResult } from '../jobs/job.ts';
import { scoped } from '../scoped.ts';
import {
  authorityOf,
  authsText,
  baseVersionText,
  beginStackJob,
  patienceOf,
  secretsIn,
  secretsText,
  type WantedJob,
} from './begin.ts';
import type { DeployOptions } from './deploy.ts';
import { checkStackName } from './names.ts';
import { StackFilesInput } from './stack-type.ts';

/** What every deployment is told, beside what it deploys. */
export type Common = Omit<DeployOptions, 'restores' | 'files' | 'pull' | 'leaveFiles' | 'place' | 'tree'>;

interface Wanted extends WantedJob {
  readonly baseVersion?: number | null | undefined;
  readonly timeoutSeconds: number;
  readonly auths?: readonly RegistryAuth[] | null | undefined;
  readonly secrets?: readonly GivenSecret[] | null | undefined;
}

/** Begins what brings a stack up. @throws AgentError */
export function begin(
  kind: string,
  { baseVersion, timeoutSeconds, auths, secrets, ...wanted }: Wanted,
  context: OperationContext,
  {
    said,
    run,
  }: {
    /** What else is not to be told. */
    readonly said: readonly string[];
    readonly run: (options: Common, job: JobHandle) => Promise<JobResult>;
  },
): Job {
  const options: Common = {
    name: wanted.name,
    baseVersion: baseVersion ?? null,
    timeoutMs: patienceOf(timeoutSeconds),
    actor: context.actor,
    authority: authorityOf(context),
    auths: auths ?? [],
    secrets: secrets ?? [],
  };
  const passwords = options.auths?.map(({ password }) => password) ?? [];
  const values = options.secrets?.map(({ value }) => value) ?? [];
  return beginStackJob(kind, wanted, context, {
    secrets: [...said, ...passwords, ...values],
    run: (job) => run(options, job),
  });
}

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
      baseVersion: t.arg.int({ description: baseVersionText }),
      pull: t.arg.boolean({ required: true, description: 'Every image, not only those that are missing.' }),
      timeoutSeconds: t.arg.int({ required: true, description: 'For all of it to be up.' }),
      auths: t.arg({ type: [RegistryAuthInput], description: authsText }),
      secrets: t.arg({ type: [SecretValueInput], description: secretsText }),
    },
    resolve: (_root, { files, pull, ...wanted }, context) =>
      begin('stack.deploy', wanted, context, {
        said: secretsIn(files),
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
      baseVersion: t.arg.int({ description: baseVersionText }),
      timeoutSeconds: t.arg.int({ required: true, description: 'For all of it to be up.' }),
      auths: t.arg({ type: [RegistryAuthInput], description: authsText }),
      secrets: t.arg({ type: [SecretValueInput], description: secretsText }),
    },
    resolve(_root, { version, ...wanted }, context) {
      checkStackName(wanted.name);
      const { files } = context.services.stacks.version(wanted.name, version);
      return begin('stack.restore', wanted, context, {
        said: secretsIn(files),
        run: (options, job) => context.services.stacks.restore(version, options, job),
      });
    },
  }),
);

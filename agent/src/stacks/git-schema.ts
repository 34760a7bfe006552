import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import { AgentError } from '../errors.ts';
import { RegistryAuthInput } from '../images/pull-schema.ts';
import { JobType } from '../jobs/job-type.ts';
import { scoped } from '../scoped.ts';
import { authsText, baseVersionText } from './begin.ts';
import { begin } from './deploy-schema.ts';
import type { GitPlan } from './git-deploy.ts';
import { checkSource, type GitHead, type GitSource } from './git-remote.ts';
import { StackPlanType } from './stack-type.ts';

const SourceInput = builder.inputType('GitSourceInput', {
  description: 'Where files of a stack come from. Its secrets are used for this operation and kept nowhere.',
  fields: (t) => ({
    url: t.string({ required: true, description: 'https:// or ssh, without credentials.' }),
    branch: t.string({ required: true }),
    path: t.string({ required: true, description: 'Of the Compose file in the repository.' }),
    username: t.string({ description: 'For https; "git" when null.' }),
    token: t.string({ description: 'A password or token, for https.' }),
    privateKey: t.string({ description: 'For ssh.' }),
    knownHosts: t.string({
      description:
        'Lines of known_hosts(5); when null or empty, the key that the host shows is taken for its own.',
    }),
  }),
});

const sourceOf = (given: typeof SourceInput.$inferInput): GitSource => {
  const { url, branch, path, username = null, token = null, privateKey = null, knownHosts = null } = given;
  const source = { url, branch, path, username, token, privateKey, knownHosts };
  checkSource(source);
  return source;
};

const Head = builder.objectRef<GitHead>('GitHead').implement({
  description: 'What a branch points to.',
  fields: (t) => ({
    commit: t.exposeString('commit'),
    knownHosts: t.exposeString('knownHosts', {
      description: 'By which the host of an ssh address is known from now on; empty for https.',
    }),
  }),
});

const Plan = builder.objectRef<GitPlan>('GitPlan').implement({
  description: 'What deploying a branch would do.',
  fields: (t) => ({
    commit: t.exposeString('commit'),
    compose: t.exposeString('compose', { description: 'May hold secrets.' }),
    plan: t.expose('plan', { type: StackPlanType }),
  }),
});

const envText = 'Its env file, at most 1 MB; null for the one that is on the host.';

/** Credentials are put to use, and a Compose file is read: that is for who may deploy it. */
function requireWrite({ scopes, services }: OperationContext): void {
  services.policy.requireFeature('docker');
  if (scopes.has('docker:compose:write')) return;
  throw new AgentError('SCOPE_DENIED', 'A repository is read with docker:compose:write.');
}

builder.queryFields((t) => ({
  gitHead: t.field({
    ...scoped('docker:compose:read'),
    description: 'Asks a repository what its branch points to. Takes docker:compose:write as well.',
    type: Head,
    args: { source: t.arg({ type: SourceInput, required: true }) },
    resolve(_root, { source }, context) {
      requireWrite(context);
      const { services, signal } = context;
      return services.stacks.gitHead(sourceOf(source), signal);
    },
  }),
  gitPlan: t.field({
    ...scoped('docker:compose:read'),
    description: 'What deploying the branch would do; changes nothing. Takes docker:compose:write as well.',
    type: Plan,
    args: {
      name: t.arg.string({ required: true }),
      source: t.arg({ type: SourceInput, required: true }),
      env: t.arg.string({ description: envText }),
    },
    resolve(_root, { name, source, env }, context) {
      requireWrite(context);
      const { services, signal } = context;
      return services.stacks.gitPlan({ name, source: sourceOf(source), env: env ?? null }, signal);
    },
  }),
}));

builder.mutationField('deployGitStack', (t) =>
  t.field({
    ...scoped('docker:compose:write'),
    description:
      'Begins to deploy what a branch points to. Otherwise as deployStack. Result: {version, commit}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      name: t.arg.string({ required: true }),
      source: t.arg({ type: SourceInput, required: true }),
      commit: t.arg.string({ description: 'Another one is not deployed; null for whatever it points to.' }),
      env: t.arg.string({ description: envText }),
      baseVersion: t.arg.int({ description: baseVersionText }),
      pull: t.arg.boolean({ required: true, description: 'Every image, not only those that are missing.' }),
      timeoutSeconds: t.arg.int({ required: true, description: 'For all of it to be up.' }),
      auths: t.arg({ type: [RegistryAuthInput], description: authsText }),
    },
    resolve(_root, { source: given, commit = null, env = null, pull, ...wanted }, context) {
      const source = sourceOf(given);
      const { token, privateKey } = source;
      return begin('stack.sync', wanted, context, {
        // What its files say in confidence is known once they are there.
        said: [token ?? [], privateKey ?? []].flat(),
        run: (options, job) =>
          context.services.stacks.gitDeploy({ ...options, source, env, commit, pull }, job),
      });
    },
  }),
);

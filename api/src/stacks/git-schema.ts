import { gitProtocol, isGitBranch, isGitPath } from '@serverkit/wire/git-source.ts';
import * as z from 'zod';
import { builder } from '../builder.ts';
import { requirePerson } from '../context.ts';
import { linesText } from '../input-text.ts';
import { JobPayload } from '../jobs/job-type.ts';
import { mandateOf } from '../mandates/service.ts';
import { ServerType } from '../servers/server-type.ts';
import { commonFields, stackName, targetFields } from './fields.ts';
import type { BoundGitSource } from './git-sources.ts';
import { byOf, envText, GitSourceType } from './git-type.ts';

builder.prismaObjectFields(ServerType, (t) => ({
  gitSource: t.field({
    type: GitSourceType,
    nullable: true,
    access: 'docker:compose:read',
    on: ({ id }) => id,
    description: 'The Git repository that the files of a stack come from; null when they do not.',
    args: {
      stack: t.arg.string({ required: true, description: 'The name of the stack.', validate: stackName }),
    },
    resolve: (server, { stack }, { services }) => services.gitSources.find(server.id, stack),
  }),
}));

const url = z
  .string()
  .trim()
  .refine(
    (text) => gitProtocol(text) !== undefined,
    'must be https://host/path, ssh://user@host/path or user@host:path, without a password in it',
  );
const branch = z.string().refine(isGitBranch, 'must be the name of a branch');
const path = z
  .string()
  .refine(isGitPath, 'must be the path of a file in the repository, such as deploy/compose.yaml');
const token = z
  .string()
  .min(1)
  .max(8_192)
  .regex(/^[^\p{Cc}]*$/u, 'must not hold control characters');
const privateKey = z
  .string()
  .max(16_384, 'must have at most 16,384 characters')
  .regex(
    /^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\w+/=:,-]+-----END [A-Z ]*PRIVATE KEY-----\s*$/,
    'must be a private key as ssh-keygen writes it, without a passphrase',
  );
const commit = z.string().regex(/^[0-9a-f]{40,64}$/, 'must be the full name of a commit');

const BindGitSourceInput = builder.inputType('BindGitSourceInput', {
  fields: (t) => ({
    ...targetFields(t),
    branch: t.string({
      required: true,
      defaultValue: 'main',
      description: 'Whose commits are deployed.',
      validate: branch,
    }),
    knownHosts: t.string({
      required: true,
      defaultValue: '',
      description:
        'Lines of known_hosts for an ssh address; when empty, the key that its host shows now is taken for its own, and no other later.',
      validate: linesText(8_192),
    }),
    path: t.string({
      required: true,
      defaultValue: 'compose.yaml',
      description: 'Of the Compose file in the repository.',
      validate: path,
    }),
    pollSeconds: t.int({
      description: 'How often to ask for a new commit, 60 to 86,400; none for never.',
      validate: z.number().int().min(60).max(86_400),
    }),
    privateKey: t.string({
      description: 'A key that may read the repository, for ssh. Kept encrypted, never told again.',
      validate: privateKey,
    }),
    token: t.string({
      description:
        'A password or token that may read the repository, for https. Kept encrypted, never told again.',
      validate: token,
    }),
    url: t.string({
      required: true,
      description: 'https://host/path, ssh://user@host/path or user@host:path.',
      validate: url,
    }),
    username: t.string({
      description: 'As whom, beside a token; git when absent.',
      validate: z.string().regex(/^[^\p{Cc}:]{1,200}$/u, 'must be a user name'),
    }),
    webhook: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether to make a webhook, whose secret is in the answer.',
    }),
  }),
});

const CheckGitSourceInput = builder.inputType('CheckGitSourceInput', { fields: targetFields });
const UnbindGitSourceInput = builder.inputType('UnbindGitSourceInput', { fields: targetFields });

const DeployGitSourceInput = builder.inputType('DeployGitSourceInput', {
  fields: (t) => ({
    ...commonFields(t),
    commit: t.string({
      description: 'The commit that was looked at; CONFLICT when the branch points to another by then.',
      validate: commit,
    }),
    env: t.string({
      description:
        'Its env file, which is kept on the server and not in the repository; none for the one that is there.',
      validate: envText,
    }),
    pull: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Pull every image, not only those that are missing.',
    }),
  }),
});

const GitSourcePayload = builder.objectRef<Pick<BoundGitSource, 'source'>>('GitSourcePayload').implement({
  access: 'inherited',
  description: 'A Git source after something was done with it.',
  fields: (t) => ({
    source: t.field({ type: GitSourceType, description: 'As it is now.', resolve: ({ source }) => source }),
  }),
});

const BindGitSourcePayload = builder.objectRef<BoundGitSource>('BindGitSourcePayload').implement({
  access: 'inherited',
  perViewer: true,
  description: 'A stack that is bound to a repository.',
  fields: (t) => ({
    source: t.field({ type: GitSourceType, description: 'As it is now.', resolve: ({ source }) => source }),
    webhookSecret: t.exposeString('webhookSecret', {
      nullable: true,
      perViewer: true,
      description:
        'What deliveries of the webhook are signed with: answered here and nowhere else. Null without one.',
    }),
  }),
});

builder.mutationFields((t) => ({
  bindGitSource: t.field({
    type: BindGitSourcePayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    // It goes on without whoever asks for it.
    fresh: true,
    description:
      'Has the files of a stack, new or not, come from a Git repository from now on, instead of another one before; the server asks the repository once. Nothing is deployed yet. After the first deployment, new commits are deployed as whoever asks for this, with the rights they have then; bound with an API token, for as long as that works and with what it may do. Scope: docker:compose:write; needs a fresh sign-in.',
    args: { input: t.arg({ type: BindGitSourceInput, required: true }) },
    resolve: (_root, { input: { name, ...input } }, context) =>
      context.services.gitSources.bind(
        { ...input, stack: name, pollSeconds: input.pollSeconds ?? null },
        byOf(context, input.serverId),
        mandateOf(requirePerson(context)),
      ),
  }),
  checkGitSource: t.field({
    type: GitSourcePayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Asks the repository of a stack what its branch points to now, without deploying that. Scope: docker:compose:write.',
    args: { input: t.arg({ type: CheckGitSourceInput, required: true }) },
    resolve: async (_root, { input: { serverId, name } }, context) => ({
      source: await context.services.gitSources.check(serverId, name, byOf(context, serverId)),
    }),
  }),
  deployGitSource: t.field({
    type: JobPayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to deploy what the branch of the repository of a stack points to; when it does not come up, what ran before runs again. Scope: docker:compose:write, and what deployStack takes besides.',
    args: { input: t.arg({ type: DeployGitSourceInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { serverId, name, commit: wanted, env, baseVersion, pull, timeoutSeconds } = input;
      const deployment = {
        commit: wanted ?? null,
        env: env ?? null,
        baseVersion: baseVersion ?? null,
        pull,
        timeoutSeconds,
      };
      const by = byOf(context, serverId);
      return { job: await context.services.gitSources.deploy(serverId, name, deployment, by) };
    },
  }),
  unbindGitSource: t.field({
    type: GitSourcePayload,
    access: 'docker:compose:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Forgets the repository of a stack, with its credential and webhook; the stack stays as it is. Scope: docker:compose:write.',
    args: { input: t.arg({ type: UnbindGitSourceInput, required: true }) },
    resolve: async (_root, { input: { serverId, name } }, context) => ({
      source: await context.services.gitSources.unbind(serverId, name, byOf(context, serverId)),
    }),
  }),
}));

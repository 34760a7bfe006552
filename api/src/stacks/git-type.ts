import * as z from 'zod';
import type { GitSource } from '@serverkit/prisma/generated/client/client.ts';
import { builder } from '../builder.ts';
import type { RequestContext } from '../context.ts';
import { actorOf } from '../audit/actor.ts';
import { askerOf, heldOf } from '../graphql/held.ts';
import { holds } from '../graphql/access.ts';
import { mayTake, readerOf } from './fields.ts';
import { hookPath, type GitBy } from './git-source.ts';
import type { GitPlan } from './git-asker.ts';
import type { GitHold } from './git-sources.ts';
import { stackSync } from './jobs.ts';
import { StackPlanType } from './plan-type.ts';

/** The one who asks, as the one who answers for it. */
export function byOf(context: RequestContext, serverId: string): GitBy {
  return {
    actor: actorOf(context),
    asker: askerOf(context.principal),
    held: heldOf(context, serverId, mayTake),
  };
}

export const envText = z.string().max(128 * 1024, 'must have at most 128 KB');

const GitCredentialKind = builder.enumType('GitCredentialKind', {
  description: 'What proves to a repository who asks.',
  values: {
    KEY: { value: 'key', description: 'A key, for ssh.' },
    NONE: { value: 'none', description: 'Nothing: it is open to everybody.' },
    TOKEN: { value: 'token', description: 'A password or token, for https.' },
  } as const,
});

const GitStackPlan = builder
  .objectRef<GitPlan & { readonly serverId: string; readonly name: string }>('GitStackPlan')
  .implement({
    access: 'docker:compose:write',
    on: ({ serverId }) => serverId,
    description: 'What deploying the commit that a branch points to would do.',
    fields: (t) => ({
      commit: t.exposeString('commit', { description: 'What the branch points to.' }),
      compose: t.string({
        perViewer: true,
        description: 'The Compose file of that commit. Over HTTP only; asking is audited.',
        async resolve({ serverId, name, commit, compose }, _args, context) {
          await context.services.stacks.readBy(readerOf(context), serverId, name, { commit });
          return compose;
        },
      }),
      plan: t.field({
        type: StackPlanType,
        description: 'What deploying it would do.',
        resolve: ({ plan, serverId, name }) => ({ ...plan, serverId, name }),
      }),
    }),
  });

const GitSourceHold = builder.enumType('GitSourceHold', {
  description: 'Why new commits are not deployed by themselves.',
  values: {
    FAILED: { value: 'failed', description: 'The newest commit did not come up; the next one is deployed.' },
    OWNER: {
      value: 'owner',
      description: 'Who bound the stack is gone, disabled, or may not deploy there any more.',
    },
    PAUSED: { value: 'paused', description: 'It went wrong, and is tried again at `retryAt`.' },
    TOKEN: {
      value: 'token',
      description:
        'The API token it was bound with was revoked, has expired, or may not deploy there any more.',
    },
  } as const satisfies Record<Uppercase<GitHold>, { value: GitHold; description: string }>,
});

const kinds = ['none', 'token', 'key'] as const;

export const GitSourceType = builder.objectRef<GitSource>('GitSource').implement({
  access: 'docker:compose:read',
  on: ({ serverId }) => serverId,
  description: 'The Git repository that the files of a stack come from. Its credential is never told.',
  fields: (t) => ({
    branch: t.exposeString('branch', { description: 'Whose commits are deployed.' }),
    checkedAt: t.expose('checkedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the repository was last asked.',
    }),
    commit: t.exposeString('commit', {
      nullable: true,
      description: 'What was deployed last; null before that.',
    }),
    credential: t.field({
      type: GitCredentialKind,
      description: 'What proves to the repository who asks.',
      resolve: ({ credential }) => kinds.find((kind) => kind === credential) ?? 'none',
    }),
    deploying: t.boolean({
      description: 'Whether a deployment of it was begun whose end is not known yet.',
      resolve: ({ jobId }) => jobId !== null,
    }),
    failure: t.string({
      nullable: true,
      perViewer: true,
      description:
        'What went wrong last, in English; null when nothing did, and without docker:compose:write: a deployment that failed may quote what it deployed.',
      resolve: ({ failure, serverId }, _args, { principal }) =>
        holds(principal, { access: stackSync.reads, where: serverId }) ? failure : null,
    }),
    hold: t.field({
      type: GitSourceHold,
      nullable: true,
      description:
        'Why new commits are not deployed by themselves; null when nothing is in the way, or when they never are.',
      resolve: (source, _args, { services }) => services.gitSources.hold(source),
    }),
    id: t.exposeID('id', { description: 'Opaque, git_….' }),
    knownHosts: t.exposeString('knownHosts', {
      description:
        'Keys by which the host of an ssh address is known, as lines of known_hosts; empty for https.',
    }),
    onBehalfOf: t.string({
      nullable: true,
      description: 'The account whose rights new commits are deployed with; null when it is gone.',
      resolve: (source, _args, { services }) => services.gitSources.ownerEmail(source),
    }),
    path: t.exposeString('path', { description: 'Of the Compose file in the repository.' }),
    plan: t.field({
      type: GitStackPlan,
      nullable: true,
      access: 'docker:compose:write',
      perViewer: true,
      on: ({ serverId }) => serverId,
      description:
        'What deploying it now would do; the server reads the repository for it. Scope: docker:compose:write.',
      args: {
        env: t.arg.string({
          description: 'The env file that it would be deployed with; none for the one on the server.',
          validate: envText,
        }),
      },
      resolve: async (source, { env }, context) => {
        const { serverId, stack: name } = source;
        const plan = await context.services.gitSources.plan(source, env ?? null, byOf(context, serverId));
        return { ...plan, serverId, name };
      },
    }),
    pollSeconds: t.exposeInt('pollSeconds', {
      nullable: true,
      description: 'How often it is asked for a new commit; null: never by itself.',
    }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'Until when it is left alone after something went wrong: longer each time, an hour at most. Null when nothing did.',
    }),
    seenCommit: t.exposeString('seenCommit', {
      nullable: true,
      description: 'What the branch pointed to when it was last asked.',
    }),
    stack: t.exposeString('stack', { description: 'The name of the stack.' }),
    url: t.exposeString('url', { description: 'Where the repository is.' }),
    username: t.exposeString('username', {
      nullable: true,
      description: 'As whom it is asked, beside a token.',
    }),
    webhookPath: t.string({
      nullable: true,
      description:
        'Where deliveries of its webhook go, below the address of this control plane; null without one.',
      resolve: ({ id, sealedHook }) => (sealedHook === null ? null : hookPath + id),
    }),
  }),
});

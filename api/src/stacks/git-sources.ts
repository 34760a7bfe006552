import { randomBytes } from 'node:crypto';
import type { GitSource, Job } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import type { AgentService } from '../agents/service.ts';
import { storedActor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import { ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';
import { targetOf } from '../jobs/records.ts';
import type { Jobs } from '../jobs/service.ts';
import type { Mandate, Mandates } from '../mandates/service.ts';
import type { Platform } from '../platform.ts';
import type { Registries } from '../registries/service.ts';
import { GitAsker, type GitPlan } from './git-asker.ts';
import { GitConductor } from './git-conductor.ts';
import { GitDeployments, type GitDeployment } from './git-deployments.ts';
import { ownerOf } from './git-owner.ts';
import { hookOf, sealCredential, sealed, type GitBy, type GitCredential } from './git-source.ts';
import { stackRemove } from './jobs.ts';
import type { Stacks } from './service.ts';

/** Where a stack's files are to come from. */
export interface NewGitSource extends GitCredential {
  readonly serverId: string;
  readonly stack: string;
  readonly url: string;
  readonly branch: string;
  readonly path: string;
  readonly knownHosts: string;
  readonly pollSeconds: number | null;
  readonly webhook: boolean;
}

export interface BoundGitSource {
  readonly source: GitSource;
  /** Shown once; null without a webhook. */
  readonly webhookSecret: string | null;
}

/**
 * Why new commits are not deployed by themselves:
 *
 * - `owner`: who bound the stack is gone, disabled, or may not deploy there any more
 * - `token`: the API token that it was bound with ended, or may not
 * - `failed`: the newest commit did not come up
 * - `paused`: it went wrong, and is tried again at `retryAt`
 */
export type GitHold = 'owner' | 'token' | 'failed' | 'paused';

export interface GitSourcesNeeds extends Pick<Platform, 'db' | 'vault'> {
  readonly log: Pick<Logger, 'warn'>;
  readonly mandates: Mandates;
  readonly agents: Pick<AgentService, 'commands'>;
  readonly audit: Audit;
  readonly jobs: Jobs;
  readonly registries: Registries;
  readonly stacks: Stacks;
}

/** Stacks whose files come from Git repositories. The server with the stack asks the repository, never the control plane. */
export class GitSources {
  /** What is done when nobody asks. */
  readonly conductor: GitConductor;
  readonly #needs: GitSourcesNeeds;
  readonly #asker: GitAsker;
  readonly #deployments: GitDeployments;

  constructor(needs: GitSourcesNeeds) {
    this.#needs = needs;
    const asker = new GitAsker(needs);
    const deployments = new GitDeployments({ ...needs, asker });
    this.#asker = asker;
    this.#deployments = deployments;
    this.conductor = new GitConductor({ ...needs, asker, deployments });
  }

  /** With what became of its last deployment. */
  async find(serverId: string, stack: string): Promise<GitSource | null> {
    const { prisma } = this.#needs.db;
    const row = await prisma.gitSource.findUnique({ where: { serverId_stack: { serverId, stack } } });
    return row && this.#deployments.settled(row);
  }

  /** By its id, which its webhook names. */
  findById(id: string): Promise<GitSource | null> {
    return this.#needs.db.prisma.gitSource.findUnique({ where: { id } });
  }

  /** The e-mail address of whoever has new commits deployed; null when there is no such account any more. */
  async ownerEmail({ ownerId }: Pick<GitSource, 'ownerId'>): Promise<string | null> {
    if (ownerId === null) return null;
    const where = { id: ownerId };
    const user = await this.#needs.db.prisma.user.findUnique({ where, select: { email: true } });
    return user?.email ?? null;
  }

  /**
   * Has a stack's files come from a repository, once its server could read that. Whoever says so answers for what is
   * deployed from then on, so nothing is taken over from somebody else's binding: neither credentials nor webhook.
   *
   * @throws ServerKitError
   */
  async bind(
    { serverId, stack, url, branch, path, knownHosts, pollSeconds, webhook, ...credential }: NewGitSource,
    by: GitBy,
    { ownerId, tokenId }: Mandate,
  ): Promise<BoundGitSource> {
    const { db, vault, audit } = this.#needs;
    const id = newId('gitSource');
    const secret = webhook ? randomBytes(32).toString('base64url') : null;
    const row: GitSource = {
      id,
      serverId,
      stack,
      url,
      branch,
      path,
      knownHosts,
      pollSeconds,
      ...sealCredential(vault, { id, url }, credential),
      sealedHook: secret === null ? null : sealed(vault, secret, hookOf({ id })),
      ownerId,
      tokenId,
      ownerScopes: [...by.held],
      createdAt: new Date(),
      checkedAt: new Date(),
      seenCommit: null,
      commit: null,
      failedCommit: null,
      failure: null,
      jobId: null,
      wanted: false,
      announced: 0n,
      failures: 0,
      retryAt: null,
    };
    const head = await this.#asker.head(row, by);
    const source = await db.prisma.$transaction(async (tx) => {
      const known = await tx.gitSource.findUnique({ where: { serverId_stack: { serverId, stack } } });
      // As it was when it went: a push may have been announced since it was found.
      const before = known && (await tx.gitSource.delete({ where: { id: known.id } }));
      const same = before?.url === url && before.branch === branch && before.path === path;
      const data = {
        ...row,
        knownHosts: head.knownHosts,
        seenCommit: head.commit,
        commit: same ? before.commit : null,
        // How that ends says nothing of another repository.
        jobId: same ? before.jobId : null,
        // A push that nobody has looked at yet, where new commits are still deployed by themselves.
        wanted: same && before.wanted && (webhook || pollSeconds !== null),
      };
      const made = await tx.gitSource.create({ data });
      await audit.record(tx, {
        actor: by.actor,
        action: 'gitSource.bind',
        target: { kind: 'gitSource', id, name: stack },
        serverId,
        parameters: { url, branch, path, proves: row.credential, pollSeconds, webhook },
      });
      return made;
    });
    return { source, webhookSecret: secret };
  }

  /** The stack stays as it is. @throws ServerKitError NOT_FOUND */
  async unbind(serverId: string, stack: string, { actor }: Pick<GitBy, 'actor'>): Promise<GitSource> {
    const { db, audit } = this.#needs;
    const row = await this.#require(serverId, stack);
    const { id } = row;
    await db.prisma.$transaction(async (tx) => {
      await tx.gitSource.deleteMany({ where: { id } });
      await audit.record(tx, {
        actor,
        action: 'gitSource.unbind',
        target: { kind: 'gitSource', id, name: stack },
        serverId,
        parameters: { url: row.url },
      });
    });
    return row;
  }

  /**
   * A stack that was removed for good is not brought back by a push, nor another one of its name replaced: ends its
   * connection with a repository, once the removal has ended well.
   */
  async release(job: Job): Promise<void> {
    const { serverId, createdAt } = job;
    const removed = job.kind === stackRemove.name && job.state === 'succeeded';
    if (!removed || serverId === null) return;
    const { id: stack } = targetOf(job);
    const { prisma } = this.#needs.db;
    const row = await prisma.gitSource.findUnique({ where: { serverId_stack: { serverId, stack } } });
    // Bound since, it is about the stack that comes.
    if (!row || row.createdAt > createdAt) return;
    const actor = storedActor(job.actor) ?? ({ kind: 'system', label: 'stack.remove' } as const);
    await this.unbind(serverId, stack, { actor });
  }

  /** The same for removals whose end was not heard, as the process had ended. */
  async releaseMissed(): Promise<void> {
    const { prisma } = this.#needs.db;
    const oldest = await prisma.gitSource.findFirst({
      orderBy: { createdAt: 'asc' },
      select: { createdAt: true },
    });
    if (!oldest) return;
    const removals = await prisma.job.findMany({
      where: { kind: stackRemove.name, state: 'succeeded', finishedAt: { gte: oldest.createdAt } },
    });
    for (const job of removals) await this.release(job);
  }

  /** Asks what the branch points to now, without deploying that. @throws ServerKitError */
  async check(serverId: string, stack: string, by: GitBy): Promise<GitSource> {
    const row = await this.#require(serverId, stack);
    return this.conductor.seen(row, await this.#asker.head(row, by));
  }

  /** What deploying it would do. @throws ServerKitError */
  plan(row: GitSource, env: string | null, by: GitBy): Promise<GitPlan> {
    return this.#asker.plan(row, env, by);
  }

  /** Begins to deploy what the branch points to. @throws ServerKitError CONFLICT while another such deployment goes on */
  async deploy(serverId: string, stack: string, wanted: GitDeployment, by: GitBy): Promise<Job> {
    const row = await this.#require(serverId, stack);
    return this.#deployments.begin(row, wanted, by, { byItself: false });
  }

  /** Why new commits are not deployed by themselves now; null when nothing is in the way. */
  async hold(row: GitSource): Promise<GitHold | null> {
    if (row.commit === null || (row.pollSeconds === null && row.sealedHook === null)) return null;
    const owner = await ownerOf(row, this.#needs.mandates);
    if ('hold' in owner) return owner.hold;
    if (row.failedCommit !== null && row.failedCommit === row.seenCommit) return 'failed';
    return row.retryAt !== null && row.retryAt.getTime() > Date.now() ? 'paused' : null;
  }

  /**
   * Its webhook said that there is something new, which may be what mends it.
   *
   * @param patient - it is not looked at sooner for that
   */
  async announce(id: string, { patient = false } = {}): Promise<void> {
    await this.#needs.db.prisma.gitSource.updateMany({
      where: { id },
      data: { wanted: true, announced: { increment: 1 }, ...(!patient && { retryAt: null }) },
    });
  }

  async #require(serverId: string, stack: string): Promise<GitSource> {
    const row = await this.find(serverId, stack);
    if (row) return row;
    throw new ServerKitError('NOT_FOUND', `The files of ${stack} come from no Git repository.`);
  }
}

import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { GitSource, Job } from '@serverkit/prisma/generated/client/client.ts';
import type { Access } from '../access/service.ts';
import type { AgentService } from '../agents/service.ts';
import type { Audit } from '../audit/service.ts';
import { isServerKitError, ServerKitError, type ErrorCode } from '../errors.ts';
import type { GitPlanQuery } from '../generated/agent/graphql.ts';
import { newId } from '../ids.ts';
import type { Jobs } from '../jobs/service.ts';
import type { Platform } from '../platform.ts';
import type { Registries, RegistryAuth } from '../registries/service.ts';
import {
  hookOf,
  ownerOf,
  sealCredential,
  sealed,
  sourceInput,
  type GitBy,
  type GitCredential,
} from './git-source.ts';
import { stackSync } from './jobs.ts';
import { DeployGitStackDocument, GitHeadDocument, GitPlanDocument } from './operations.ts';
import type { Stacks } from './service.ts';

/** Longer than the agent waits for a repository. Milliseconds. */
const askMs = 150_000;
const planMs = 300_000;
/** For what is deployed without anybody looking on. Seconds. */
const patience = 300;
const scope = 'docker:compose:write' as const;
/** Reading a repository puts credentials to use, which is for who may deploy. */
const reads = ['docker:compose:read', scope] as const;

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

export interface GitDeployment {
  /** The commit that was looked at; null for whatever the branch points to. */
  readonly commit: string | null;
  /** Null for the env file that is on the server. */
  readonly env: string | null;
  readonly baseVersion: number | null;
  readonly pull: boolean;
  readonly timeoutSeconds: number;
}

export type GitPlan = GitPlanQuery['gitPlan'];

export interface GitSourcesNeeds extends Pick<Platform, 'db' | 'vault'> {
  readonly access: Access;
  readonly agents: Pick<AgentService, 'commands'>;
  readonly audit: Audit;
  readonly jobs: Jobs;
  readonly registries: Registries;
  readonly stacks: Stacks;
}

/** What may go well the next time, as nobody has to change anything for it. */
const passing: ReadonlySet<string> = new Set<ErrorCode>([
  'AGENT_OFFLINE',
  'AGENT_TIMEOUT',
  'CANCELLED',
  'CONFLICT',
  'DOCKER_UNAVAILABLE',
  'GIT_ERROR',
  'OUTCOME_UNKNOWN',
  'TOO_MANY_OPERATIONS',
  'UNAVAILABLE',
]);

/** Of a deployment's own parameters. */
const startedWith = z.object({ commit: z.string() });

const open = ({ state }: Job): boolean => state === 'pending' || state === 'running';

/** Stacks whose files come from Git repositories. The server with the stack asks the repository, never the control plane. */
export class GitSources {
  readonly #needs: GitSourcesNeeds;
  /** Being looked at: one round at a time for each. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(needs: GitSourcesNeeds) {
    this.#needs = needs;
  }

  /** With what became of its last deployment. */
  async find(serverId: string, stack: string): Promise<GitSource | null> {
    const { prisma } = this.#needs.db;
    const row = await prisma.gitSource.findUnique({ where: { serverId_stack: { serverId, stack } } });
    return row && this.#settle(row);
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
      ownerId: by.asker,
      ownerScopes: [...by.held],
      createdAt: new Date(),
      checkedAt: new Date(),
      seenCommit: null,
      commit: null,
      failedCommit: null,
      failure: null,
      jobId: null,
      wanted: false,
    };
    const head = await this.#head(row, by);
    const source = await db.prisma.$transaction(async (tx) => {
      const before = await tx.gitSource.findUnique({ where: { serverId_stack: { serverId, stack } } });
      if (before) await tx.gitSource.delete({ where: { id: before.id } });
      const same = before?.url === url && before.branch === branch && before.path === path;
      const data = {
        ...row,
        knownHosts: head.knownHosts,
        seenCommit: head.commit,
        commit: same ? before.commit : null,
        // How that ends says nothing of another repository.
        jobId: same ? before.jobId : null,
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

  /** A stack that is removed for good is not brought back by a push, nor another one of its name replaced. */
  async release(serverId: string, stack: string, by: Pick<GitBy, 'actor'>): Promise<void> {
    if (await this.find(serverId, stack)) await this.unbind(serverId, stack, by);
  }

  /** Asks what the branch points to now, without deploying that. @throws ServerKitError */
  async check(serverId: string, stack: string, by: GitBy): Promise<GitSource> {
    const row = await this.#require(serverId, stack);
    return this.#seen(row, await this.#head(row, by));
  }

  /** What deploying it would do. @throws ServerKitError */
  async plan(row: GitSource, env: string | null, by: GitBy): Promise<GitPlan> {
    const link = await this.#needs.agents.commands.link(row.serverId, scope);
    const variables = { name: row.stack, source: sourceInput(this.#needs.vault, row), env };
    const call = { actor: by.asker, scopes: [...reads, ...by.held], timeoutMs: planMs };
    return (await link.run(GitPlanDocument, variables, call)).gitPlan;
  }

  /** Begins to deploy what the branch points to. @throws ServerKitError CONFLICT while another such deployment goes on */
  async deploy(serverId: string, stack: string, wanted: GitDeployment, by: GitBy): Promise<Job> {
    const row = await this.#require(serverId, stack);
    if (row.jobId !== null) {
      throw new ServerKitError('CONFLICT', `${row.stack} is being deployed from its repository right now.`);
    }
    return this.#begin(row, wanted, by);
  }

  /** Its webhook said that there is something new. */
  async announce(id: string): Promise<void> {
    await this.#needs.db.prisma.gitSource.updateMany({ where: { id }, data: { wanted: true } });
  }

  /** Goes on with every source for which it is time. Never throws for one of them. @returns when all were looked at */
  async round(now = Date.now()): Promise<void> {
    const rows = await this.#needs.db.prisma.gitSource.findMany({
      where: { OR: [{ wanted: true }, { pollSeconds: { not: null } }, { jobId: { not: null } }] },
    });
    const due = rows.filter(
      ({ wanted, jobId, pollSeconds, checkedAt }) =>
        wanted ||
        jobId !== null ||
        (pollSeconds !== null && (checkedAt?.getTime() ?? 0) + pollSeconds * 1000 <= now),
    );
    await Promise.all(due.map((row) => this.#advanceOnce(row, now)));
  }

  async #require(serverId: string, stack: string): Promise<GitSource> {
    const row = await this.find(serverId, stack);
    if (row) return row;
    throw new ServerKitError('NOT_FOUND', `The files of ${stack} come from no Git repository.`);
  }

  #advanceOnce(row: GitSource, now: number): Promise<void> {
    const running = this.#running.get(row.id);
    if (running) return running;
    const work = this.#advance(row, now)
      .catch((error: unknown) => this.#failed(row, error))
      .finally(() => this.#running.delete(row.id));
    this.#running.set(row.id, work);
    return work;
  }

  async #advance(found: GitSource, now: number): Promise<void> {
    const { audit, stacks } = this.#needs;
    const row = await this.#settle(found);
    // What was announced meanwhile is looked at once that has ended.
    if (row.jobId !== null) return;
    const late = row.pollSeconds !== null && (row.checkedAt?.getTime() ?? 0) + row.pollSeconds * 1000 <= now;
    // Nothing is deployed by itself before somebody has done so once.
    if (row.commit === null || !(row.wanted || late)) return this.#update(row, { wanted: false });
    const by = await ownerOf(row, this.#needs);
    if (typeof by === 'string') {
      audit.refused({
        actor: { kind: 'system', label: `Git source of ${row.stack}` },
        action: 'stack.sync',
        code: 'PERMISSION_DENIED',
        target: { kind: 'stack', id: row.stack },
        serverId: row.serverId,
      });
      return this.#update(row, { wanted: false, failure: by, checkedAt: new Date() });
    }
    // Before it is asked: what is announced while it answers is looked at again.
    await this.#update(row, { wanted: false, checkedAt: new Date() });
    const seen = await this.#seen(row, await this.#head(row, by));
    const { seenCommit: commit } = seen;
    if (commit === null || commit === row.commit || commit === row.failedCommit) return;
    const [newest] = await stacks.versions(row.serverId, row.stack, by.asker);
    if (!newest) {
      return this.#update(row, {
        failure: `${row.stack} is not on the server any more. Deploy it again, or end its connection with the repository.`,
      });
    }
    await this.#begin(
      seen,
      { commit, env: null, baseVersion: newest.number, pull: false, timeoutSeconds: patience },
      by,
    );
  }

  async #begin(row: GitSource, wanted: GitDeployment, by: GitBy): Promise<Job> {
    const { jobs, vault } = this.#needs;
    const { id, serverId, stack, branch } = row;
    const { commit, baseVersion, pull } = wanted;
    const job = await jobs.start(stackSync, {
      serverId,
      target: { kind: 'stack', id: stack },
      parameters: { gitSourceId: id, branch, commit, baseVersion, pull },
      actor: by.actor,
      heldScopes: by.held,
      document: DeployGitStackDocument,
      variables: async (jobId) => ({
        jobId,
        name: stack,
        source: sourceInput(vault, row),
        ...wanted,
        auths: await this.#auths(row, wanted.env, by),
      }),
    });
    await this.#update(row, { jobId: job.id });
    return job;
  }

  async #auths(row: GitSource, env: string | null, by: GitBy): Promise<RegistryAuth[]> {
    const { registries, agents } = this.#needs;
    const { serverId } = row;
    const link = await agents.commands.link(serverId, scope);
    const may = by.held.includes('docker:images:write') && link.scopes.has('docker:images:write');
    if (!may || !(await registries.anyFor(serverId))) return [];
    // Where it cannot be told, the job itself says why.
    const services = await this.plan(row, env, by).then(
      ({ plan }) => plan.services,
      () => [],
    );
    const images = services.flatMap(({ image }) => image ?? []);
    const handOver = { serverId, actor: by.actor, purpose: stackSync.name };
    return [...(await registries.authsFor(images, handOver)).values()];
  }

  async #head(row: GitSource, by: GitBy): Promise<{ readonly commit: string; readonly knownHosts: string }> {
    const link = await this.#needs.agents.commands.link(row.serverId, scope);
    const call = { actor: by.asker, scopes: reads, timeoutMs: askMs };
    return (await link.run(GitHeadDocument, { source: sourceInput(this.#needs.vault, row) }, call)).gitHead;
  }

  async #seen(
    row: GitSource,
    { commit, knownHosts }: { readonly commit: string; readonly knownHosts: string },
  ): Promise<GitSource> {
    const failure = commit === row.failedCommit ? row.failure : null;
    const known = row.knownHosts === '' ? { knownHosts } : {};
    const data = { seenCommit: commit, checkedAt: new Date(), failure, ...known };
    await this.#update(row, data);
    return { ...row, ...data };
  }

  /** What became of its deployment, once that has ended. */
  async #settle(row: GitSource): Promise<GitSource> {
    if (row.jobId === null) return row;
    const job = await this.#needs.jobs.records.find(row.jobId);
    if (job && open(job)) return row;
    const ended = job ? endOf(job) : {};
    await this.#update(row, { ...ended, jobId: null });
    return { ...row, ...ended, jobId: null };
  }

  async #failed(row: GitSource, error: unknown): Promise<void> {
    const failure = isServerKitError(error) ? error.message : 'Something went wrong here; the log has more.';
    const again = isServerKitError(error, 'AGENT_OFFLINE');
    await this.#update(row, { failure, ...(again && row.wanted && { wanted: true }) }).catch(() => undefined);
  }

  async #update({ id }: Pick<GitSource, 'id'>, data: Partial<Omit<GitSource, 'id'>>): Promise<void> {
    await this.#needs.db.prisma.gitSource.updateMany({ where: { id }, data });
  }
}

/** What the end of a deployment says of its source. */
function endOf({ state, result, parameters, errorCode, errorMessage }: Job): Partial<GitSource> {
  const done = stackSync.result.safeParse(result);
  if (state === 'succeeded' && done.success && 'commit' in done.data) {
    return { commit: String(done.data.commit), failure: null, failedCommit: null };
  }
  const failure = errorMessage ?? 'The last deployment did not come to an end.';
  const { commit: wanted } = startedWith.safeParse(parameters).data ?? {};
  if (wanted === undefined || state !== 'failed' || passing.has(errorCode ?? '')) return { failure };
  return { failure, failedCommit: wanted };
}

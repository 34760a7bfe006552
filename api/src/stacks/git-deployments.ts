import type { GitSource, Job } from '@serverkit/prisma/generated/client/client.ts';
import { ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Jobs } from '../jobs/service.ts';
import type { Platform } from '../platform.ts';
import type { GitAsker } from './git-asker.ts';
import { endOf } from './git-failures.ts';
import { sourceInput, type GitBy } from './git-source.ts';
import { stackSync } from './jobs.ts';
import { DeployGitStackDocument } from './operations.ts';

export interface GitDeployment {
  /** The commit that was looked at; null for whatever the branch points to. */
  readonly commit: string | null;
  /** Null for the env file that is on the server. */
  readonly env: string | null;
  readonly baseVersion: number | null;
  readonly pull: boolean;
  readonly timeoutSeconds: number;
}

/** How it came about. */
export interface GitOccasion {
  /** Nobody asked for it at that moment. */
  readonly byItself: boolean;
  /** Asked last of all before it is sent, as much may have changed until then. @throws where it must not be */
  readonly still?: () => Promise<void>;
}

export interface GitDeploymentsNeeds extends Pick<Platform, 'db' | 'vault'> {
  readonly asker: GitAsker;
  readonly jobs: Jobs;
}

const open = ({ state }: Job): boolean => state === 'pending' || state === 'running';

/** Deployments of stacks from their repositories, one at a time for each. */
export class GitDeployments {
  readonly #needs: GitDeploymentsNeeds;
  /** Claimed by this process: whether there is such a job is not known yet. */
  readonly #beginning = new Set<string>();

  constructor(needs: GitDeploymentsNeeds) {
    this.#needs = needs;
  }

  /**
   * Begins one. The source is claimed before anything is asked for, so that of two who begin one only one does.
   *
   * @throws ServerKitError CONFLICT while another goes on; whatever it throws, nothing was begun
   */
  async begin(
    row: GitSource,
    wanted: GitDeployment,
    by: GitBy,
    { byItself, still }: GitOccasion,
  ): Promise<Job> {
    const { jobs, vault, asker } = this.#needs;
    const { id: gitSourceId, serverId, stack, branch } = row;
    const { commit, baseVersion, pull, env } = wanted;
    const id = newId('job');
    this.#beginning.add(id);
    try {
      await this.#claim(row, id);
      return await jobs.start(stackSync, {
        id,
        serverId,
        target: { kind: 'stack', id: stack },
        parameters: { gitSourceId, branch, commit, baseVersion, pull, byItself },
        actor: by.actor,
        heldScopes: by.held,
        document: DeployGitStackDocument,
        variables: async (jobId) => {
          const auths = await asker.auths(row, env, by);
          await this.#stillBound(row, id);
          await still?.();
          return { jobId, name: stack, source: sourceInput(vault, row), ...wanted, auths };
        },
      });
    } catch (error) {
      // Where this fails as well, whoever looks at the job finds that it did not begin.
      await this.#release(id).catch(() => undefined);
      throw error;
    } finally {
      this.#beginning.delete(id);
    }
  }

  /** With what became of its deployment, once that has ended. */
  async settled(row: GitSource): Promise<GitSource> {
    const { id, jobId } = row;
    if (jobId === null || this.#beginning.has(jobId)) return row;
    const { db, jobs } = this.#needs;
    const job = await jobs.records.find(jobId);
    if (job && open(job)) return row;
    // One that never came to be leaves what it was to be begun for to be looked at.
    const news = { ...(job && endOf(row, job)), jobId: null };
    const { count } = await db.prisma.gitSource.updateMany({ where: { id, jobId }, data: news });
    if (count > 0) return { ...row, ...news };
    // Somebody else was faster, and may have begun the next one.
    return (await db.prisma.gitSource.findUnique({ where: { id } })) ?? { ...row, jobId: null };
  }

  async #claim({ id, stack }: GitSource, jobId: string): Promise<void> {
    const { gitSource } = this.#needs.db.prisma;
    const { count } = await gitSource.updateMany({ where: { id, jobId: null }, data: { jobId } });
    if (count > 0) return;
    throw new ServerKitError(
      'CONFLICT',
      `${stack} is being deployed from its repository right now, or comes from another one by now.`,
    );
  }

  async #stillBound({ id, stack }: GitSource, jobId: string): Promise<void> {
    if ((await this.#needs.db.prisma.gitSource.count({ where: { id, jobId } })) > 0) return;
    throw new ServerKitError(
      'CONFLICT',
      `Somebody ended the connection of ${stack} with this repository meanwhile.`,
    );
  }

  async #release(jobId: string): Promise<void> {
    await this.#needs.db.prisma.gitSource.updateMany({ where: { jobId }, data: { jobId: null } });
  }
}

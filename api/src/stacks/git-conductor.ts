import type { GitSource, Job } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import type { Audit } from '../audit/service.ts';
import { isServerKitError, ServerKitError } from '../errors.ts';
import type { Mandates } from '../mandates/service.ts';
import type { Platform } from '../platform.ts';
import type { GitAsker, GitHead } from './git-asker.ts';
import type { GitDeployments } from './git-deployments.ts';
import { mended, notBegun } from './git-failures.ts';
import { ownerOf, type GitOwnerGone } from './git-owner.ts';
import type { GitBy } from './git-source.ts';
import type { Stacks } from './service.ts';
import { Turns } from './turns.ts';

/** Repositories asked at once, and of those how many by one server: each may keep its asker waiting for minutes. */
const limits = { atOnce: 16, perGroup: 2 } as const;
/** For what is deployed without anybody looking on. Seconds. */
const patience = 300;
/** Until whoever it runs on behalf of is looked for again. Milliseconds. */
const ownerMs = 60_000;

export interface GitConductorNeeds extends Pick<Platform, 'db'> {
  readonly asker: GitAsker;
  readonly audit: Pick<Audit, 'refused'>;
  readonly deployments: GitDeployments;
  readonly log: Pick<Logger, 'warn'>;
  readonly mandates: Pick<Mandates, 'standing'>;
  readonly stacks: Pick<Stacks, 'versions'>;
}

/** What tells whether it is time to ask. */
const facts = { commit: true, wanted: true, retryAt: true, pollSeconds: true, checkedAt: true } as const;

/** Whether it is time to ask. */
export function isDue(
  { commit, wanted, retryAt, pollSeconds, checkedAt }: Pick<GitSource, keyof typeof facts>,
  now: number,
): boolean {
  // What is deployed by itself has been deployed by somebody before.
  if (commit === null) return false;
  if (retryAt !== null && retryAt.getTime() > now) return false;
  return wanted || (pollSeconds !== null && (checkedAt?.getTime() ?? 0) + pollSeconds * 1000 <= now);
}

/** Has new commits deployed that nobody asks for: at an interval, or when a webhook announced them. */
export class GitConductor {
  readonly #needs: GitConductorNeeds;
  readonly #turns = new Turns(limits);
  readonly #ending = new AbortController();

  constructor(needs: GitConductorNeeds) {
    this.#needs = needs;
  }

  /**
   * Begins to look at every source for which it is time.
   *
   * @returns once it is known which these are; `done` when all of them were looked at
   */
  async begin(now = Date.now()): Promise<{ readonly done: Promise<unknown> }> {
    const rows = await this.#needs.db.prisma.gitSource.findMany({
      where: { OR: [{ wanted: true }, { pollSeconds: { not: null } }, { jobId: { not: null } }] },
      select: { id: true, serverId: true, jobId: true, ...facts },
      orderBy: { checkedAt: { sort: 'asc', nulls: 'first' } },
    });
    const due = rows.filter((row) => row.jobId !== null || isDue(row, now));
    const turns = due.map(({ id, serverId }) => this.#turns.take(id, serverId, () => this.#visit(id, now)));
    return { done: Promise.all(turns) };
  }

  /** The same, to its end. */
  async round(now = Date.now()): Promise<void> {
    await (
      await this.begin(now)
    ).done;
  }

  /** Begins nothing more, and asks nobody any more. @returns when what was at work has ended */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#turns.end();
  }

  /** Never throws. */
  async #visit(id: string, now: number): Promise<void> {
    const { db, deployments, log } = this.#needs;
    try {
      const row = await db.prisma.gitSource.findUnique({ where: { id } });
      if (row) await this.#advance(await deployments.settled(row), now);
    } catch (error) {
      if (!this.#ending.signal.aborted)
        log.warn({ err: error, gitSourceId: id }, 'a Git source was not looked at');
    }
  }

  async #advance(row: GitSource, now: number): Promise<void> {
    if (row.jobId !== null || !isDue(row, now) || this.#ending.signal.aborted) return;
    const by = await ownerOf(row, this.#needs.mandates);
    if ('hold' in by) return this.#ownerless(row, by);
    // Before it is asked, and no more than that: what was announced is to be looked at until it has been.
    await this.#update(row, { checkedAt: new Date() });
    let current = row;
    let begun: Job | null;
    try {
      current = await this.seen(row, await this.#needs.asker.head(row, by, this.#ending.signal));
      begun = await this.#deploy(current, by);
    } catch (error) {
      // Nobody failed: the next process looks at it again.
      if (this.#ending.signal.aborted) return;
      if (!isServerKitError(error)) {
        this.#needs.log.warn({ err: error, gitSourceId: row.id }, 'a Git source failed unexpectedly');
      }
      return this.#update(row, notBegun(current, error, new Date()));
    }
    await this.#lookedAt(row, begun);
  }

  /**
   * What was announced has been looked at, unless more was since it was read, or what came of it has ended by now: how it
   * did tells whether it is to be looked at again.
   */
  async #lookedAt({ id, announced }: GitSource, begun: Job | null): Promise<void> {
    await this.#needs.db.prisma.gitSource.updateMany({
      where: { id, announced, jobId: begun?.id ?? null },
      data: { wanted: false },
    });
  }

  /** @returns what was begun; null where there is nothing new. @throws ServerKitError */
  async #deploy(row: GitSource, by: GitBy): Promise<Job | null> {
    const { deployments, mandates, stacks } = this.#needs;
    const { serverId, stack, seenCommit: commit } = row;
    if (commit === null || commit === row.commit || commit === row.failedCommit) return null;
    const [newest] = await stacks.versions(serverId, stack, by.asker);
    if (!newest) {
      throw new ServerKitError(
        'NOT_FOUND',
        `${stack} is not on the server any more. Deploy it again, or end its connection with the repository.`,
      );
    }
    if (this.#ending.signal.aborted)
      throw new ServerKitError('UNAVAILABLE', 'The control plane is stopping.');
    const wanted = { commit, env: null, baseVersion: newest.number, pull: false, timeoutSeconds: patience };
    const still = async (): Promise<void> => {
      const owner = await ownerOf(row, mandates);
      if ('hold' in owner) throw new ServerKitError('PERMISSION_DENIED', owner.reason);
      if (by.held.every((scope) => owner.held.includes(scope))) return;
      throw new ServerKitError(
        'PERMISSION_DENIED',
        'Whoever set this up lost a right while this was prepared. It is tried again with those that are left.',
      );
    };
    return deployments.begin(row, wanted, by, { byItself: true, still });
  }

  /** Puts down what a branch points to. */
  async seen(row: GitSource, { commit, knownHosts }: GitHead): Promise<GitSource> {
    const failure = commit === row.failedCommit ? row.failure : null;
    const known = row.knownHosts === '' ? { knownHosts } : {};
    // That a commit can be read says nothing of whether it can be deployed.
    const isSettled = commit === row.commit || commit !== row.seenCommit;
    const data = {
      ...(isSettled && mended),
      seenCommit: commit,
      checkedAt: new Date(),
      failure,
      ...known,
    };
    await this.#update(row, data);
    return { ...row, ...data };
  }

  async #ownerless(row: GitSource, { reason }: GitOwnerGone): Promise<void> {
    // On record when it begins, and not each time that it is so.
    if (row.failure !== reason) {
      this.#needs.audit.refused({
        actor: { kind: 'system', label: `Git source of ${row.stack}` },
        action: 'stack.sync',
        code: 'PERMISSION_DENIED',
        target: { kind: 'stack', id: row.stack },
        serverId: row.serverId,
      });
    }
    await this.#update(row, { failure: reason, retryAt: new Date(Date.now() + ownerMs) });
  }

  async #update({ id }: Pick<GitSource, 'id'>, data: Partial<Omit<GitSource, 'id'>>): Promise<void> {
    await this.#needs.db.prisma.gitSource.updateMany({ where: { id }, data });
  }
}

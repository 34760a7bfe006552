import { AgentError } from '../errors.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import { deploy, type DeployOptions, type DeployTools } from './deploy.ts';
import { withRemote, type GitHead, type GitSource } from './git-remote.ts';
import { readTree, type ReadTree } from './git-tree.ts';
import type { StackPlan } from './service.ts';
import type { StackFiles } from './store.ts';

/** A stack whose file is in a repository. */
export interface GitDraft {
  readonly name: string;
  readonly source: GitSource;
  /** Its env file, which is on this host alone; null for the one that is there. */
  readonly env: string | null;
}

/** What deploying a branch would do. */
export interface GitPlan extends GitHead {
  readonly compose: string;
  readonly plan: StackPlan;
}

export interface GitDeployOptions
  extends GitDraft, Omit<DeployOptions, 'files' | 'restores' | 'leaveFiles' | 'place' | 'tree'> {
  /** The commit that was looked at; another one is not deployed. Null for whatever the branch points to. */
  readonly commit: string | null;
}

interface Fetched {
  readonly head: GitHead;
  readonly tree: ReadTree;
  readonly files: StackFiles;
}

/** Brings the commit that a branch points to. @throws AgentError */
export async function gitFetch(
  { name, source, env }: GitDraft,
  { store, scratch }: Pick<DeployTools, 'store' | 'scratch'>,
  signal: AbortSignal,
): Promise<Fetched> {
  if (store.isPlaced(name)) {
    throw new AgentError(
      'CONFLICT',
      `${name} was taken over from a folder of the server, and keeps its files there.`,
    );
  }
  return withRemote(source, { scratch, signal }, async (remote) => {
    const head = await remote.fetch();
    const tree = await readTree(remote, head.commit, source);
    return { head, tree, files: { compose: tree.compose, env: env ?? store.files(name)?.env ?? '' } };
  });
}

/**
 * Deploys the commit that a branch points to, as any other file is deployed; what lies beside its Compose file comes along.
 *
 * @returns {version, commit}
 * @throws AgentError
 */
export async function gitDeploy(
  { source, env, commit, ...options }: GitDeployOptions,
  job: JobHandle,
  tools: DeployTools,
): Promise<JobResult> {
  job.step('Repository');
  const { name } = options;
  const { tree, files } = await gitFetch({ name, source, env }, tools, job.signal);
  if (commit !== null && tree.commit !== commit) {
    throw new AgentError(
      'CONFLICT',
      `${source.branch} points to ${tree.commit.slice(0, 12)} by now. Look at what that changes, and try again.`,
    );
  }
  job.line(`${source.branch} is at ${tree.commit}.`);
  for (const note of tree.notes) job.line(note, 'STDERR');
  const result = await deploy({ ...options, files, tree }, job, tools);
  return { ...result, commit: tree.commit };
}

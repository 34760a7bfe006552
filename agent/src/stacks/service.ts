import type { Authority } from '../docker/privilege/guard.ts';
import type { Outside } from '../docker/privilege/outside.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import type { DeployOptions } from './deploy.ts';
import type { OperateOptions } from './operate.ts';
import type { PlacedFiles } from './place.ts';
import type { PlannedService } from './plan.ts';
import type { GitDeployOptions, GitDraft, GitPlan } from './git-deploy.ts';
import type { GitHead, GitSource } from './git-remote.ts';
import type { StackProblem } from './problem.ts';
import type { RefreshOptions } from './refresh.ts';
import type { ScaleOptions } from './scale.ts';
import type { Stack } from './stack.ts';
import type { KeptVersion, StackFiles, StackVersion } from './store.ts';
import type { TakedownOptions } from './takedown.ts';
import type { SourceOptions, TakeOverOptions } from './takeover.ts';

export interface StackPage {
  readonly items: readonly Stack[];
  readonly next: string | null;
}

/** Names of secrets that a deployment takes. */
export interface StackSecrets {
  readonly needed: readonly string[];
  /** Those of the version that is there: to go back to it, should the new one not come up. */
  readonly before: readonly string[];
}

/** What a deployment would do, or what stands against it. */
export interface StackPlan {
  /** Of the file; with any, nothing else was looked at. */
  readonly problems: readonly StackProblem[];
  readonly warnings: readonly string[];
  /** What takes docker:containers:privileged. */
  readonly privileged: readonly Outside[];
  /** A path that this host's own configuration denies, whatever the scopes. */
  readonly denied: string | null;
  /** Whether it has images built here, which takes docker:images:write. */
  readonly builds: boolean;
  readonly services: readonly PlannedService[];
  /** Newest version, against which a deployment is checked; null where there is none. */
  readonly version: number | null;
  readonly composeVersion: string | null;
}

/**
 * The Compose stacks of this host. Every method throws AgentError. What changes a stack does so one at a time for each of
 * them: the second is told CONFLICT.
 */
export interface StackService {
  /** By name: what Docker has of them, and those of ours that have nothing there. */
  list(first: number, after: string | null): Promise<StackPage>;
  /** Null when there is none. */
  get(name: string): Promise<Stack | null>;
  /** As they stand in its folder; null for one whose files the agent does not keep. */
  files(name: string): StackFiles | null;
  /** Newest first. */
  versions(name: string): readonly StackVersion[];
  version(name: string, number: number): KeptVersion;
  /** Names of the secrets that these files refer to, or those of a version; without either, of the newest. */
  secrets(
    name: string,
    of: { readonly files: StackFiles | null; readonly version: number | null },
  ): StackSecrets;
  /** Whether files may be tried out for it. @throws AgentError PRIVILEGE_NEEDED for one that was taken over */
  enter(name: string, authority: Pick<Authority, 'scopes'>): void;
  /** Changes nothing. */
  plan(name: string, files: StackFiles, signal: AbortSignal): Promise<StackPlan>;
  /** @returns {version} */
  deploy(
    options: Omit<DeployOptions, 'restores' | 'leaveFiles' | 'place' | 'tree'>,
    job: JobHandle,
  ): Promise<JobResult>;
  /** Deploys the files of a version again, with the images that it ran then. @returns {version} */
  restore(
    number: number,
    options: Omit<DeployOptions, 'restores' | 'files' | 'pull' | 'leaveFiles' | 'place' | 'tree'>,
    job: JobHandle,
  ): Promise<JobResult>;
  /** What a branch of a repository points to now. */
  gitHead(source: GitSource, signal: AbortSignal): Promise<GitHead>;
  /** What deploying the branch would do. Changes nothing. */
  gitPlan(wanted: GitDraft, signal: AbortSignal): Promise<GitPlan>;
  /** Deploys what the branch points to. @returns {version, commit} */
  gitDeploy(options: GitDeployOptions, job: JobHandle): Promise<JobResult>;
  /** Starts, stops or restarts what is there. */
  operate(options: OperateOptions, job: JobHandle): Promise<undefined>;
  /** The files of a stack made elsewhere, or of one to be made from files that lie on this host already. */
  source(options: SourceOptions): Promise<PlacedFiles>;
  /** Keeps versions of such a stack from now on. @returns {version} */
  takeOver(options: TakeOverOptions, job: JobHandle): Promise<JobResult>;
  /** @returns {newer, version} */
  refresh(options: RefreshOptions, job: JobHandle): Promise<JobResult>;
  /** @returns {replicas} */
  scale(options: ScaleOptions, job: JobHandle): Promise<JobResult>;
  /** @returns {containers, networks, volumes} that are gone */
  takeDown(options: TakedownOptions, job: JobHandle): Promise<JobResult>;
}

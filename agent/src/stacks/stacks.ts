import path from 'node:path';
import { secretsNamed } from '@serverkit/wire/compose-secrets.ts';
import { pages } from '../docker/pages.ts';
import type { DockerService } from '../docker/service.ts';
import { describe, sentenceOf } from '../errors.ts';
import { localImage, type LocalImage } from '../images/local.ts';
import type { JobHandle } from '../jobs/job.ts';
import type { JobService } from '../jobs/service.ts';
import type { Log } from '../log.ts';
import type { Policy } from '../policy.ts';
import { createComposeFinder, type ComposeCommand } from './compose-tool.ts';
import { deploy } from './deploy.ts';
import { gitDeploy, gitFetch } from './git-deploy.ts';
import { sweepScratch, withRemote } from './git-remote.ts';
import type { TreeFile } from './git-tree.ts';
import { SETTLED } from './health.ts';
import { StackLocks } from './locks.ts';
import { checkStackName } from './names.ts';
import { createNormaliser, type Normalised, type Normaliser } from './normalise.ts';
import { operate } from './operate.ts';
import { imageOf, planOf } from './plan.ts';
import { judgePrivilege } from './privilege.ts';
import { StackError } from './problem.ts';
import { secretsKept, secretsOfVersion } from './secrets.ts';
import { readProjects, type Project } from './projects.ts';
import { refresh } from './refresh.ts';
import { createRunCompose } from './run.ts';
import { scale } from './scale.ts';
import type { StackPlan, StackService } from './service.ts';
import type { StackFiles } from './store.ts';
import type { Stack } from './stack.ts';
import { requirePlaceScope } from './place.ts';
import { StackStore } from './store.ts';
import { takeDown } from './takedown.ts';
import { findSource, takeOver } from './takeover.ts';
import { undo } from './undo.ts';
import { UnfinishedDeployments } from './unfinished.ts';

export interface StacksOptions {
  readonly docker: DockerService;
  /** Path of the engine's socket, which Compose is given. */
  readonly socket: string;
  readonly stateDir: string;
  /** Where the stacks' folders are. */
  readonly folder: string;
  /** Where what Compose and Git read in passing is put. @default stateDir */
  readonly scratch?: string;
  readonly policy: () => Policy;
  readonly log: Log;
  /** Told what became of what an agent before this one was ended in the middle of. */
  readonly jobs: Pick<JobService, 'settle'>;
  /** Where Compose is looked for. @default the docker command's plugin, then docker-compose */
  readonly commands?: readonly ComposeCommand[];
  /** Until a container without a health check counts as up. Ms. @default 3,000 */
  readonly settledMs?: number;
}

export function createStacks(options: StacksOptions): StackService {
  const { docker, socket, stateDir, folder, policy, log, jobs, settledMs = SETTLED } = options;
  const passing = options.scratch ?? stateDir;
  const home = path.join(passing, 'compose');
  const run = createRunCompose({ socket, home, ask: () => docker.engine.head('/_ping') });
  const finder = createComposeFinder(run, options.commands);
  const normaliser = createNormaliser({ run, finder, scratch: home });
  const store = new StackStore({ folder, versions: path.join(stateDir, 'stack-versions'), policy });
  const scratch = path.join(passing, 'git');
  sweepScratch(scratch);
  const unfinished = new UnfinishedDeployments(path.join(stateDir, 'stack-unfinished'), log);
  const tools = { docker, normaliser, store, unfinished, log, scratch, settledMs };
  const locks = new StackLocks();
  const deniesPath = (file: string): boolean => policy().deniesPath(file);
  for (const one of unfinished.all()) {
    const aftermath = locks
      .hold(one.name, 'put back', null, () => undo(one, deniesPath, tools))
      .catch((error: unknown) => {
        log.error('a deployment that was interrupted could not be undone', {
          stack: one.name,
          reason: describe(error),
        });
        return { now: `It could not be undone: ${sentenceOf(error)}` };
      });
    if (one.job !== null) jobs.settle(one.job, aftermath);
  }

  /** What is done from now on is not undone for what was interrupted before it. */
  const change = <Result>(
    name: string,
    deed: string,
    { actor }: JobHandle,
    work: () => Promise<Result>,
  ): Promise<Result> =>
    locks.hold(name, deed, actor, () => {
      unfinished.forget(name);
      return work();
    });

  /** @param tree - files that would lie beside; none for those that do */
  async function plan(
    name: string,
    files: StackFiles,
    tree: readonly TreeFile[] | null,
    signal: AbortSignal,
  ): Promise<StackPlan> {
    const version = store.latest(name);
    const draft = { name, files, folder: store.folderOf(name), beside: tree ?? undefined };
    try {
      const stack = await normaliser.normalise(draft, signal);
      return { ...(await examine(stack, tools, policy(), signal)), problems: [], version };
    } catch (error) {
      if (!(error instanceof StackError)) throw error;
      return { ...nothingKnown, problems: error.problems, version };
    }
  }

  return {
    async list(first, after) {
      const projects = await readProjects(docker);
      const names = [...new Set([...projects.keys(), ...store.names()])].toSorted();
      const rest = names.filter((name) => after === null || name > after);
      const stacks = rest.map((name) => stackOf(name, projects.get(name), store));
      const [items = []] = pages(stacks, first);
      return { items, next: items.length < rest.length ? (items.at(-1)?.name ?? null) : null };
    },
    async get(name) {
      const project = (await readProjects(docker)).get(name);
      return project || store.has(name) ? stackOf(name, project, store) : null;
    },
    files: (name) => store.files(name),
    versions(name) {
      checkStackName(name);
      return store
        .numbers(name)
        .toReversed()
        .map((number) => store.summary(name, number));
    },
    version: (name, number) => store.version(name, number),
    secrets(name, { files, version }) {
      checkStackName(name);
      const number = store.latest(name);
      const latest = number === null ? null : store.version(name, number);
      const wanted = version === null ? latest : store.version(name, version);
      const ofVersion = wanted ? secretsOfVersion(wanted) : [];
      return {
        needed: files ? secretsNamed(files.compose) : ofVersion,
        before: latest ? secretsKept(latest) : [],
      };
    },
    deploy: (wanted, job) => change(wanted.name, 'deployed', job, () => deploy(wanted, job, tools)),
    restore: (number, wanted, job) =>
      change(wanted.name, 'deployed', job, () => {
        const restores = store.version(wanted.name, number);
        const { files, tree: id, commit } = restores;
        const beside = id === null ? undefined : store.trees(wanted.name).read(id);
        const tree = id !== null && beside && { id, commit, files: beside };
        return deploy({ ...wanted, files, pull: false, restores, ...(tree && { tree }) }, job, tools);
      }),
    operate: (wanted, job) =>
      change(wanted.name, deeds[wanted.operation], job, async () => {
        await operate(wanted, job, tools);
        return undefined;
      }),
    source(wanted) {
      checkStackName(wanted.name);
      return findSource(wanted, tools);
    },
    takeOver: (wanted, job) => change(wanted.name, 'taken over', job, () => takeOver(wanted, job, tools)),
    refresh: (wanted, job) =>
      change(wanted.name, wanted.up ? 'deployed' : 'pulled', job, () => refresh(wanted, job, tools)),
    scale: (wanted, job) => change(wanted.name, 'scaled', job, () => scale(wanted, job, tools)),
    takeDown: (wanted, job) => change(wanted.name, 'removed', job, () => takeDown(wanted, job, tools)),
    enter(name, authority) {
      if (store.isPlaced(name)) requirePlaceScope(authority);
    },
    plan: (name, files, signal) => plan(name, files, null, signal),
    gitHead: (source, signal) => withRemote(source, { scratch, signal }, (remote) => remote.head()),
    async gitPlan({ name, source, env }, signal) {
      checkStackName(name);
      const { head, tree, files } = await gitFetch({ name, source, env }, tools, signal);
      return { ...head, compose: files.compose, plan: await plan(name, files, tree.files, signal) };
    },
    gitDeploy: (wanted, job) => change(wanted.name, 'deployed', job, () => gitDeploy(wanted, job, tools)),
  };
}

const deeds = { START: 'started', STOP: 'stopped', RESTART: 'restarted' } as const;

const nothingKnown = {
  warnings: [],
  privileged: [],
  denied: null,
  builds: false,
  services: [],
  composeVersion: null,
} as const satisfies Omit<StackPlan, 'problems' | 'version'>;

interface Tools {
  readonly docker: DockerService;
  readonly normaliser: Normaliser;
}

async function examine(
  stack: Normalised,
  { docker, normaliser }: Tools,
  policy: Pick<Policy, 'deniesPath'>,
  signal: AbortSignal,
): Promise<Omit<StackPlan, 'problems' | 'version'>> {
  const [{ outside, paths, builds }, hashes, projects, images] = await Promise.all([
    judgePrivilege(docker.engine, stack),
    normaliser.hashes(stack, signal),
    readProjects(docker),
    localImages(docker, stack),
  ]);
  return {
    warnings: stack.warnings,
    privileged: outside,
    denied: paths.find((one) => policy.deniesPath(one)) ?? null,
    builds,
    services: planOf({ stack, hashes, project: projects.get(stack.name), images }),
    composeVersion: stack.tool.version,
  };
}

async function localImages(
  docker: DockerService,
  stack: Normalised,
): Promise<Map<string, LocalImage | null>> {
  const names = new Set([...stack.services].map(([name, given]) => imageOf(stack, name, given)));
  return new Map(
    await Promise.all(
      [...names].map(async (name): Promise<[string, LocalImage | null]> => [
        name,
        await localImage(docker.engine, name),
      ]),
    ),
  );
}

function stackOf(name: string, project: Project | undefined, store: StackStore): Stack {
  const managed = store.has(name);
  return {
    name,
    managed,
    // One that this host denies must not take the list of the others with it.
    folder: managed ? store.placeIn(name) : (project?.folder ?? null),
    configFiles: project?.configFiles ?? [],
    services: project?.services ?? [],
    version: managed ? store.latest(name) : null,
  };
}

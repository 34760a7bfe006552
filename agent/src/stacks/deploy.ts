import { isRecord } from '@serverkit/wire/compose-file.ts';
import { servicesOf } from '@serverkit/wire/compose-secrets.ts';
import type { GivenSecret } from '../containers/secrets.ts';
import { tellLastWords } from '../docker/last-words.ts';
import type { DockerService } from '../docker/service.ts';
import { allow, type Authority } from '../docker/privilege/guard.ts';
import { localImage } from '../images/local.ts';
import { splitReference } from '../images/pull.ts';
import { AgentError, describe, sentenceOf } from '../errors.ts';
import { AgentStops, type JobHandle, type JobResult } from '../jobs/job.ts';
import type { Log } from '../log.ts';
import { secretsBeside } from './begin.ts';
import { bring, type Puller } from './bring.ts';
import { layFiles, type Laid, type LaidFile } from './git-lay.ts';
import type { StackTree } from './git-tree.ts';
import { failedContainers, waitUntilUp } from './health.ts';
import { checkVersion } from './kept.ts';
import type { Normalised, Normaliser } from './normalise.ts';
import { requirePlaceScope, type StackPlace } from './place.ts';
import { imageOf } from './plan.ts';
import { judgePrivilege } from './privilege.ts';
import { tellProgress } from './progress.ts';
import { readProjects } from './projects.ts';
import { allowedTo, requireSecrets } from './secrets.ts';
import type { StackContainer, StackService } from './stack.ts';
import type { DeployedService, KeptVersion, StackFiles, StackStore } from './store.ts';
import type { UnfinishedDeployments } from './unfinished.ts';
import { failureIn, up, type Telling } from './up.ts';

/** What a roll-back may take, as it cannot be cancelled. Ms. */
export const ROLL_BACK = 10 * 60_000;

export interface DeployOptions extends Puller {
  readonly name: string;
  /** Those that its file refers to, and the version before it, with their values of now. @default none */
  readonly secrets?: readonly GivenSecret[];
  readonly files: StackFiles;
  /** The version that whoever asks has seen; null for a stack that is not there yet. */
  readonly baseVersion: number | null;
  /** Pull every image, or those of these services, not only those that are missing. */
  readonly pull: boolean | ReadonlySet<string>;
  /** Until all of it is up. Ms. */
  readonly timeoutMs: number;
  readonly actor: string;
  /** The version that this goes back to, with its images. */
  readonly restores?: KeptVersion;
  /** Leave the files in the folder as they stand there, which may be newer than what is deployed. @default false */
  readonly leaveFiles?: boolean;
  /** Where the files of a new stack lie already. @default in the folder for stacks */
  readonly place?: StackPlace;
  /** What lies beside the file from then on. @default what does already */
  readonly tree?: DeployTree;
}

/** Files of a repository; its commit is null for one that is not known any more. */
export type DeployTree = Omit<StackTree, 'commit'> & { readonly commit: string | null };

export interface DeployTools {
  readonly docker: DockerService;
  readonly normaliser: Normaliser;
  readonly store: StackStore;
  readonly unfinished: UnfinishedDeployments;
  readonly log: Log;
  /** Of the agent's own, for files that only live as long as they are read. */
  readonly scratch: string;
  /** Until one without a health check counts as up. Ms. */
  readonly settledMs: number;
}

/**
 * Deploys a stack and keeps it as a version. Whatever goes wrong after its containers were touched, what ran before runs
 * again: the version before this one, or nothing where there was none.
 *
 * @throws AgentError
 */
export async function deploy(options: DeployOptions, job: JobHandle, tools: DeployTools): Promise<JobResult> {
  const { name, place } = options;
  try {
    return await deployIn(options, job, tools);
  } catch (error) {
    // What is noted, the next agent undoes in that folder.
    if (!place && !tools.unfinished.has(name)) tools.store.abandon(name);
    throw error;
  }
}

async function deployIn(options: DeployOptions, job: JobHandle, tools: DeployTools): Promise<JobResult> {
  const { name, files, baseVersion, authority, restores, tree, secrets = [] } = options;
  const { docker, normaliser, store, unfinished } = tools;
  job.step('Check');
  await checkBase(name, baseVersion, tools);
  if (options.place || store.isPlaced(name)) requirePlaceScope(authority);
  const folder = options.place?.folder ?? store.prepare(name);
  if (!options.leaveFiles) store.requireWritable(name);
  // A container that fails may say them: its last words are told.
  job.hide([...secrets.map(({ value }) => value), ...secretsBeside(files, tree?.files ?? [])]);
  const stack = await normaliser.normalise({ name, files, folder, beside: tree?.files }, job.signal);
  job.hide(stack.confidential);
  for (const warning of stack.warnings) job.line(warning, 'STDERR');
  // Before anything is pulled or stopped for it.
  const own = allowedTo(files.compose, secrets);
  requireSecrets(stack, own);
  const judgement = await judgePrivilege(docker.engine, stack);
  allow(judgement, authority, `Deploying ${name}`);
  if (judgement.builds && !authority.scopes.has('docker:images:write')) {
    throw new AgentError(
      'SCOPE_DENIED',
      `${name} has images built on this server, which takes docker:images:write.`,
    );
  }
  const ran = (await readProjects(docker)).get(name)?.services.some(isUp) ?? false;
  const before = store.latest(name);
  const previous = before === null ? undefined : store.version(name, before);
  const trees = store.trees(name);
  const lainBefore = previous?.tree == null ? [] : (trees.read(previous.tree) ?? []);
  // Compose quotes the file that it goes back to as well.
  if (previous) job.hide(secretsBeside(previous.files, lainBefore));

  job.step('Images');
  if (restores) await bringBack(restores.services, options, job, tools);
  else await pullMissing(stack, options, job, tools);

  job.step('Containers');
  const hashes = await normaliser.hashes(stack, job.signal);
  // Pulling takes its time, and a volume or network that was not there before may be another's by now.
  allow(await judgePrivilege(docker.engine, stack), authority, `Deploying ${name}`);
  const stood = options.leaveFiles ? null : standing(name, store);
  const written = stood && { before: stood, written: files };
  const note = (lain: readonly LaidFile[] | null): void =>
    unfinished.note({
      job: job.id,
      name,
      at: Date.now(),
      folder,
      json: stack.json,
      previous: before,
      ran,
      privileged: authority.scopes.has('docker:containers:privileged'),
      laid: lain !== null,
      lain,
      hashes,
      files: written,
      scaled: null,
    });
  let laid: Laid | undefined;
  try {
    if (tree) {
      const gone = lainBefore.map((file) => file.path);
      laid = layFiles(folder, { files: tree.files, gone, aside: unfinished.asideOf(name) }, note);
    } else note(null);
  } catch (error) {
    // All of it is as it was.
    unfinished.forget(name);
    throw error;
  }
  using _signs = unfinished.alive(name);
  let keepsAside = false;
  try {
    const onFailed = (container: StackContainer): Promise<void> =>
      tellLastWords(docker.engine, container, job);
    try {
      await up(stack, { secrets: own, signal: job.signal }, job, tools);
    } catch (error) {
      // Before it is undone, and with it what would tell why.
      if (!job.signal.aborted) for (const one of await failedContainers(docker, name)) await onFailed(one);
      throw error;
    }
    job.step('Health');
    const { timeoutMs } = options;
    const { settledMs } = tools;
    await waitUntilUp(docker, name, { timeoutMs, settledMs, job, signal: job.signal, onFailed });
    // What runs and is not kept could not be gone back to.
    const services = await deployedServices(stack, docker, hashes);
    if (!options.leaveFiles) store.write(name, files);
    if (tree) trees.keep(tree.id, tree.files);
    const same = previous?.files.compose === files.compose;
    const version = store.keep(
      name,
      {
        at: Date.now(),
        actor: options.actor,
        restores: restores?.number ?? null,
        composeVersion: stack.tool.version,
        files,
        normalised: stack.json,
        services,
        commit: tree ? tree.commit : same ? previous.commit : null,
        tree: tree?.id ?? previous?.tree ?? null,
      },
      options.place,
    );
    unfinished.forget(name);
    return { version: version.number };
  } catch (error) {
    const stops = job.signal.reason instanceof AgentStops;
    try {
      laid?.undo();
      // The next agent need not.
      if (stops && laid) note(null);
      if (written) putBack(name, written, store);
    } catch (second) {
      keepsAside = stops;
      // What runs counts for more than what lies beside it.
      job.line(`The files of before could not be put back: ${describe(second)}`, 'STDERR');
    }
    // There is no time left: the next agent puts back what ran.
    if (stops) throw error;
    const { words: now } = await rollBack(stack, { previous, ran, authority, secrets }, job, tools);
    unfinished.forget(name);
    job.line(now);
    const known = error instanceof AgentError;
    if (!known) tools.log.error('a deployment failed unexpectedly', { stack: name, reason: describe(error) });
    throw new AgentError(known ? error.code : 'AGENT_INTERNAL', `${sentenceOf(error)} ${now}`, error);
  } finally {
    if (!keepsAside) laid?.release();
  }
}

async function checkBase(name: string, base: number | null, { docker, store }: DeployTools): Promise<void> {
  checkVersion(name, base, store);
  if (base === null && (await readProjects(docker)).has(name)) {
    throw new AgentError(
      'CONFLICT',
      `There is a stack ${name} on this server that was made elsewhere. Take it over, or choose another name.`,
    );
  }
}

const isUp = ({ containers }: StackService): boolean =>
  containers.some(({ state }) => state === 'RUNNING' || state === 'RESTARTING' || state === 'PAUSED');

/** Null where there are none, or none that can be read. */
function standing(name: string, store: StackStore): StackFiles | null {
  try {
    return store.files(name);
  } catch {
    return null;
  }
}

/** Has a stack's files be as they stood, unless somebody has changed them since they were written. @throws as its store */
export function putBack(
  name: string,
  { before, written }: { readonly before: StackFiles; readonly written: StackFiles },
  store: Pick<StackStore, 'files' | 'write'>,
): void {
  const now = store.files(name);
  if (!now || (now.compose === before.compose && now.env === before.env)) return;
  const known = (one: keyof StackFiles): boolean => now[one] === before[one] || now[one] === written[one];
  if (known('compose') && known('env')) store.write(name, before);
}

/** How a roll-back ended. */
export interface RolledBack {
  readonly ok: boolean;
  /** What runs now, for whoever reads why the deployment failed. */
  readonly words: string;
}

/** Never throws. */
export async function rollBack(
  stack: Normalised,
  {
    previous,
    ran,
    authority,
    secrets,
  }: {
    readonly previous: KeptVersion | undefined;
    readonly ran: boolean;
    readonly authority: Authority;
    readonly secrets: readonly GivenSecret[];
  },
  job: Telling,
  tools: DeployTools,
): Promise<RolledBack> {
  const { name, folder } = stack;
  const told = (ok: boolean, words: string): RolledBack => ({ ok, words });
  const signal = AbortSignal.timeout(ROLL_BACK);
  job.step('Roll back');
  try {
    if (previous) {
      const kept = await tools.normaliser.kept({ name, folder, json: previous.normalised });
      const { outside, paths } = await judgePrivilege(tools.docker.engine, kept);
      // What ran, ran with whatever rights it has; what somebody had stopped is started by those who may.
      if (ran || outside.length === 0 || authority.scopes.has('docker:containers:privileged')) {
        // What this host has come to deny since then, it does not get again.
        allow({ outside: [], paths }, authority, `Going back to version ${previous.number}`);
        await retag(previous.services, job, tools);
        await up(kept, { secrets, signal }, job, tools);
        return told(true, `Version ${previous.number} runs again.`);
      }
    }
    const onLine = tellProgress(name, job);
    const { code, stderr } = await tools.normaliser.run(stack, ['down', '--remove-orphans'], {
      signal,
      onLine,
      ready: () => job.ready(),
    });
    if (code !== 0) return told(false, `What there is of it could not be taken down: ${failureIn(stderr)}`);
    return told(true, 'Nothing of it runs, as before.');
  } catch (error) {
    tools.log.error('a stack could not be rolled back', { stack: name, reason: describe(error) });
    if (previous && (await stillRuns(name, previous, tools)))
      return told(true, `Version ${previous.number} runs still.`);
    return told(false, `What ran before could not be started again: ${describe(error)}`);
  }
}

/** Whether nothing of a version was touched after all. */
async function stillRuns(name: string, { services }: KeptVersion, { docker }: DeployTools): Promise<boolean> {
  const projects = await readProjects(docker).catch(() => undefined);
  const now = new Map(projects?.get(name)?.services.map((one) => [one.name, one.containers]));
  return services.every(({ service, configHash }) =>
    now.get(service)?.some((one) => one.state === 'RUNNING' && one.configHash === configHash),
  );
}

export async function pullMissing(
  stack: Normalised,
  { pull, ...puller }: Puller & Pick<DeployOptions, 'pull'>,
  job: JobHandle,
  { docker }: DeployTools,
): Promise<void> {
  for (const [service, given] of stack.services) {
    // Compose builds these.
    if (given['build'] !== undefined && given['build'] !== null) continue;
    const policy = given['pull_policy'];
    if (policy === 'never') continue;
    const image = imageOf(stack, service, given);
    const wanted = policy === 'always' || (typeof pull === 'boolean' ? pull : pull.has(service));
    if (!wanted && (await localImage(docker.engine, image))) continue;
    await bring({ service, reference: image }, puller, job, docker);
  }
}

/** Has every image stand under its name as it did then, from this host's copy or by its digest. @throws AgentError NOT_FOUND */
async function bringBack(
  services: readonly DeployedService[],
  puller: Puller,
  job: JobHandle,
  tools: DeployTools,
): Promise<void> {
  const { docker } = tools;
  for (const { service, imageId, digests } of services) {
    if (await localImage(docker.engine, imageId)) continue;
    const [digest] = digests;
    if (digest === undefined) {
      throw new AgentError(
        'NOT_FOUND',
        `The image that ${service} ran then (${imageId.slice(0, 19)}) is not on this server any more, and it came from no registry.`,
      );
    }
    await bring({ service, reference: digest }, puller, job, docker);
  }
  await retag(services, job, tools);
}

async function retag(
  services: readonly DeployedService[],
  job: Telling,
  { docker }: DeployTools,
): Promise<void> {
  for (const { image, imageId } of services) {
    const local = await localImage(docker.engine, image);
    if (local?.id === imageId || image.includes('@')) continue;
    const { name: repo, tag } = splitReference(image);
    await docker.engine.post(`/images/${imageId}/tag`, { repo, tag });
    job.line(`${image} is ${imageId.slice(0, 19)} again.`);
  }
}

/** @param hashes - of services as their file has them: what is made as it says stands for what is not */
export async function deployedServices(
  stack: Normalised,
  docker: DockerService,
  hashes: ReadonlyMap<string, string>,
): Promise<DeployedService[]> {
  const running = new Map(
    (await readProjects(docker))
      .get(stack.name)
      ?.services.map(({ name, containers }) => [
        name,
        containers.find(({ configHash }) => configHash === hashes.get(name)) ?? containers[0],
      ]),
  );
  return Promise.all(
    [...servicesOf(stack.value)].flatMap(([service, given]) => {
      const container = running.get(service);
      if (!container || !isRecord(given)) return [];
      const image = imageOf(stack, service, given);
      return [
        localImage(docker.engine, container.imageId).then((local) => ({
          service,
          image,
          // A container may tell another id than the one that the engine finds the image by.
          imageId: local?.id ?? container.imageId,
          digests: local?.digests ?? [],
          configHash: container.configHash,
        })),
      ];
    }),
  );
}
